"""What people's decisions amount to, whose turn it is, and how a sample is drawn that nobody chose."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import at, clip, observation, stage

from avrecord.model.case import Account, Coverage, Gap, Mark, MarkKind, Review
from avrecord.rules.agreement import Judged, agreement
from avrecord.rules.drawing import draw_sample
from avrecord.rules.queueing import Quota, key_of, to_sample, unit_key, waiting
from avrecord.rules.reviewing import decisions, in_force

STAGE = stage(1800)
PERSONS = ["F1", "F2", "F3"]
SAYINGS = st.lists(st.tuples(st.sampled_from(["seen", "missing", "withdrawn"]), st.sampled_from(PERSONS)), max_size=8)


def said(*words: tuple[str, str], item: str = "id_shown") -> list[Review]:
    return [Review(STAGE.id, item, decision, by, at(90_000 + n), 100 + n) for n, (decision, by) in enumerate(words)]


def account(mark: MarkKind, *reviews: Review, four_eyes: tuple[str, ...] = (), coverage: Coverage | None = None) -> Account:
    found = Mark("id_shown", mark, "原因", clip("a"), observation() if mark is MarkKind.SEEN else None)
    return Account(STAGE, "", "whole", coverage or Coverage(1800, 1800, ()), (found,), tuple(reviews), (clip("a"),), four_eyes)


def test_where_four_eyes_are_asked_one_person_alone_decides_nothing():
    once = said(("missing", "F1"))
    assert in_force(once, ["missing"]) == {}
    assert decisions(once, ["missing"])["id_shown"].pending
    assert in_force(once + said(("missing", "F1")), ["missing"]) == {}, "the same person twice is one person"
    assert in_force(said(("missing", "F1"), ("missing", "F2")), ["missing"]) == {"id_shown": "missing"}
    alone = said(("missing", "F1"), ("seen", "F2"), ("missing", "F3"))
    assert in_force(alone, ["missing"]) == {"id_shown": "seen"}, "nobody agreed with F3: what F2 said holds"
    assert in_force(said(("seen", "F1")), ["missing"]) == {"id_shown": "seen"}


def test_what_waits_for_a_second_person_does_not_hide_the_mark():
    [first] = waiting([account(MarkKind.NOT_SEEN, *said(("seen", "F1")), four_eyes=("seen",))], at(999_999))
    assert first.need == "second_eye"
    assert waiting([account(MarkKind.NOT_SEEN, *said(("seen", "F1")))], at(999_999)) == []


def test_a_decision_that_was_withdrawn_leaves_the_mark_as_it_was():
    taken_back = said(("seen", "F1"), ("withdrawn", "F1"))
    assert in_force(taken_back) == {}
    assert [each.need for each in waiting([account(MarkKind.NOT_SEEN, *taken_back)], at(999_999))] == ["not_seen"]


@given(SAYINGS)
def test_what_needs_two_holds_only_after_two_persons_said_it_in_a_row(words):
    reviews = said(*words)
    alone, both = in_force(reviews), in_force(reviews, ["missing"])
    last = words[-1][0] if words else "withdrawn"
    assert alone == ({} if last == "withdrawn" else {"id_shown": last})
    runs = [list(run) for _, run in itertools.groupby(words, key=lambda word: word[0])]
    agreed = any(run[0][0] == "missing" and len({by for _, by in run}) >= 2 for run in runs)
    if both.get("id_shown") == "missing":
        assert agreed
    if not any(decision == "missing" for decision, _ in words):
        assert both == alone, "what needs one person alone is as without the setting"


def test_what_is_required_and_not_seen_comes_before_what_cannot_be_told_and_gaps_and_samples():
    gap = Coverage(1800, 1700, (Gap(at(10), at(110)),))
    found = waiting(
        [account(MarkKind.CANNOT_TELL), account(MarkKind.NOT_SEEN), account(MarkKind.SEEN, coverage=gap)], at(999_999)
    )
    assert [each.need for each in found] == ["not_seen", "cannot_tell", "gap"]


def test_an_excluded_stage_asks_for_nothing():
    excluded = said(("not_required", "F9"), item="stage")
    assert waiting([account(MarkKind.NOT_SEEN, *excluded)], at(999_999)) == []


def test_what_the_check_saw_is_sampled_until_each_officer_has_his_share_and_no_further():
    def marks(n: int) -> tuple[Mark, ...]:
        seen = Mark("id_shown", MarkKind.SEEN, "", clip(n), observation())
        return seen, Mark("served", MarkKind.NOT_SEEN, "", clip(n))

    whole = Coverage(600, 600, ())
    stages = [Account(stage(600, n * 1000, (f"04{n % 3}",)), "", "key", whole, marks(n), (), (clip(n),)) for n in range(30)]
    rank = {key_of(each): hashlib.sha256(repr(key_of(each)).encode()).hexdigest() for each in waiting(stages, at(0))}
    chosen = to_sample(stages, {"041": 1, "042": 5}, Quota(2), rank)
    assert Counter(officer for each in chosen for officer in each.account.stage.officers) == {"040": 2, "041": 1}
    assert {each.item for each in chosen} == {"id_shown"}
    assert to_sample(stages, {}, Quota(0), rank) == []
    assert len(to_sample(stages, {unit_key("一中队"): 3}, Quota(0, 5), rank)) == 2


@given(st.sets(st.text("abc0123", min_size=1, max_size=6), max_size=30), st.binary(min_size=32, max_size=32), st.integers(0, 40))
def test_a_draw_depends_on_the_list_and_the_seed_alone(ids, seed, count):
    drawn = draw_sample(ids, seed, count)
    assert drawn == draw_sample(sorted(ids, reverse=True), seed, count)
    assert len(drawn) == min(count, len(ids))
    assert set(drawn) <= ids
    assert draw_sample(ids, seed, count + 1)[:count] == drawn, "asking for one more takes none away"
    outside = draw_sample(ids | {"zz-new"}, seed, count)
    assert [each for each in outside if each != "zz-new"] == list(drawn[: len(outside) - ("zz-new" in outside)])


def test_every_id_is_drawn_as_often_as_any_other():
    counted = Counter(draw_sample([f"case{n}" for n in range(10)], n.to_bytes(32, "big"), 1)[0] for n in range(2000))
    assert len(counted) == 10
    assert max(counted.values()) < 270
    assert min(counted.values()) > 140


def test_a_draw_can_be_made_again_with_coreutils(tmp_path):
    """As docs/formats/draw.md says: sha256sum over seed and id, sort, head."""
    ids, seed = [f"盘综执罚字〔2026〕{n}号\n现场检查" for n in range(20)], hashlib.sha256(b"a cosigned checkpoint").digest()
    lines = []
    for n, each in enumerate(ids):
        (tmp_path / f"{n}").write_bytes(seed + each.encode())
        digest = subprocess.run(["sha256sum", tmp_path / f"{n}"], capture_output=True, text=True, check=True).stdout.split()[0]
        lines.append(f"{digest} {n}")
    ordered = subprocess.run(["sort"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout
    again = [ids[int(line.split()[1])] for line in ordered.splitlines()[:5]]
    assert list(draw_sample(ids, seed, 5)) == again


def test_agreement_counts_what_says_something_about_the_check_and_keeps_the_drawn_apart():
    judged = [
        Judged("id_shown", "id_shown@3", "seen", "seen", True),
        Judged("id_shown", "id_shown@3", "seen", "missing", True),
        Judged("id_shown", "id_shown@3", "not_seen", "missing", False),
        Judged("id_shown", "id_shown@3", "not_seen", "seen", False),
        Judged("id_shown", "id_shown@3", "cannot_tell", "seen", False),
        Judged("id_shown", "id_shown@3", "seen", "not_required", True),
    ]
    found = {(each.mark, each.drawn): (each.agreed, each.reviewed) for each in agreement(judged)}
    assert found == {("seen", True): (1, 2), ("not_seen", False): (1, 2)}
    assert agreement([]) == ()


@pytest.mark.parametrize("right", range(0, 11, 5))
def test_the_lower_end_never_exceeds_the_share(right):
    judged = [Judged("a", "a@1", "seen", "seen" if n < right else "missing", True) for n in range(10)]
    [each] = agreement(judged)
    assert each.worth is not None
    assert each.worth.low <= 100 * right
