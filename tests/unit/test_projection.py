"""What each statement means for the rows: the latest word stands, a person's word is remembered."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict, replace

import pytest
from making import at, clip_id, examination, fault, observation, stage

from avrecord.ledger.checklists import read_checklist
from avrecord.model import statement as say
from avrecord.model.card import SourceFile
from avrecord.model.clip import Clip, ClipId
from avrecord.model.moments import utc_text
from avrecord.model.statement import Body, Statement
from avrecord.store import documents
from avrecord.store.projection import project
from avrecord.store.records import Records
from avrecord.store.sqlite import Store

STAGE = stage()
LINK = {"case": STAGE.id.case, "stage": STAGE.id.name}
CLIP = clip_id("a")


class Told:
    """An index that is told one statement after the other, and the attachments they name."""

    def __init__(self, store: Store) -> None:
        self.attachments: dict[str, bytes] = {}
        self.records = Records(store, self.attachments.__getitem__)
        self.seq = 0

    def __call__(self, body: Body, by: str = "service") -> None:
        said = Statement(station="s", seq=self.seq, at=utc_text(at(self.seq)), by=by, body=body)
        with self.records.store.writing() as run:
            project(run, said, self.attachments.__getitem__)
        self.seq += 1

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self.attachments[digest] = content
        return digest

    def clip(self, clip: ClipId = CLIP) -> Clip:
        found = self.records.clip(clip)
        assert found is not None
        return found

    def methods(self) -> dict[str, str]:
        return {clip.id.hex: method for clip, method in self.records.linked(STAGE.id)}


@pytest.fixture
def told(tmp_path):
    store = Store(tmp_path / "avrecord.db")
    yield Told(store)
    store.close()


def sealed(name: str = "a", **changes: object) -> say.ClipSealed:
    path = f"VIDEO/{name}.mp4"
    raw = base64.b64encode(path.encode()).decode()
    ordinary = say.ClipSealed(
        clip=clip_id(name).hex, size=10, docking="d1", recorder="Z3A0017", path=path, path_raw=raw,
        mtime="5", media="video", stored=f"2026-11-16/{path}", claimed_start=utc_text(at(60)), clock_offset_ms=60_000,
        clock_uncertainty_ms=1000, user=None, sequence=None, important=False, read_back="direct", key_id="k",
    )  # fmt: skip
    return replace(ordinary, **changes)


def linked(method: str = "assignment") -> say.ClipLinked:
    return say.ClipLinked(clip=CLIP.hex, method=method, overlap_ms=5, uncertainty_ms=0, **LINK)


def unlinked() -> say.ClipUnlinked:
    return say.ClipUnlinked(clip=CLIP.hex, why="", **LINK)


def examined(told: Told, *seen, attempt: int = 1, outcome: str = "complete", **changes: object) -> say.ClipExamined:
    found = replace(examination(told.clip(), *seen), outcome=outcome, **changes)
    digest = told.put(documents.examination(found))
    return say.ClipExamined(
        clip=CLIP.hex, outcome=outcome, reason=None, attempt=attempt, checks=found.checks, duration_ms=60_000, examination=digest
    )


def imported(told: Told, *stages) -> say.CaseImported:
    return say.CaseImported(source="0" * 64, rows=told.put(documents.stages(stages)), stages=len(stages))


def test_a_sealed_clip_is_known_with_the_recorders_offset_taken_off_its_start(told):
    told(sealed())
    found = told.clip()
    assert (found.true_start, found.uncertainty_ms, found.name, found.set_aside) == (at(0), 1000, "a.mp4", None)


def test_clips_are_found_by_their_true_time_and_not_by_the_recorders(told):
    told(sealed())
    found = [len(told.records.clips(since=utc_text(at(since)), until=utc_text(at(since + 1)))) for since in (-1, 0, 60)]
    assert found == [0, 1, 0]


def test_a_long_clip_that_began_before_a_window_is_found(told):
    told(sealed())
    told(examined(told))
    assert [clip.name for clip in told.records.clips_around("Z3A0017", at(59), at(90))] == ["a.mp4"]
    assert told.records.clips_around("Z3A0017", at(61), at(90)) == []


def test_the_first_sealing_of_some_bytes_stands(told):
    told(sealed())
    told(sealed(stored="2026-11-17/elsewhere.mp4", recorder="Z3A0018"))
    assert (told.clip().stored, told.clip().recorder) == (sealed().stored, "Z3A0017")


def test_a_file_is_known_again_by_recorder_path_size_and_time(told):
    told(sealed())
    file = SourceFile(b"VIDEO/a.mp4", 10, 5)
    assert told.records.known("Z3A0017", file) == (CLIP, sealed().stored)
    others = [replace(file, size=11), replace(file, mtime_ns=6), replace(file, path=b"VIDEO/b.mp4")]
    assert [told.records.known("Z3A0017", other) for other in others] == [None] * 3
    assert told.records.known("Z3A0018", file) is None


def test_bytes_seen_again_elsewhere_are_known_there_too(told):
    told(sealed())
    again = say.ClipSeenAgain(
        clip=CLIP.hex, size=10, docking="d2", recorder="Z3A0018", path="x", path_raw=base64.b64encode(b"x").decode(), mtime="7"
    )
    told(again)
    assert told.records.known("Z3A0018", SourceFile(b"x", 10, 7)) == (CLIP, sealed().stored)
    assert len(told.records.clips()) == 1


def test_a_clip_with_read_errors_is_not_taken_for_held(told):
    """Next time the sector may be readable: the card is asked again."""
    told(say.ClipSetAside(**asdict(sealed()), reason="read_error"))
    assert told.clip().set_aside == "read_error"
    assert told.records.known("Z3A0017", SourceFile(b"VIDEO/a.mp4", 10, 5)) is None


def test_the_latest_examination_stands(told):
    told(sealed())
    told(examined(told, observation(), observation("notice_given"), faults=(fault("dark"),)))
    told(examined(told, observation(score=700), attempt=2))
    found = told.records.examination(CLIP)
    assert found is not None
    assert [seen.score for seen in found.observations] == [700]
    assert found.faults == ()
    assert (told.records.attempts(CLIP), told.clip().duration_ms) == (2, 60_000)


def test_a_failed_examination_is_asked_for_again_until_the_last_attempt(told):
    told(sealed())
    assert [attempts for _, attempts in told.records.unexamined(3)] == [0]
    for attempt in (1, 2):
        told(examined(told, outcome="failed", attempt=attempt))
        assert [attempts for _, attempts in told.records.unexamined(3)] == [attempt]
    told(examined(told, outcome="failed", attempt=3))
    assert told.records.unexamined(3) == []


@pytest.mark.parametrize("outcome", ["complete", "partial", "unreadable"])
def test_an_examination_that_came_to_an_end_is_not_asked_for_again(told, outcome):
    told(sealed())
    told(examined(told, outcome=outcome))
    assert told.records.unexamined(3) == []


def test_important_clips_are_examined_first(told):
    told(sealed())
    told(sealed("b", important=True))
    told(sealed("c", media="log"))
    assert [clip.name for clip, _ in told.records.unexamined(3)] == ["b.mp4", "a.mp4"]


def test_what_a_person_unlinked_is_remembered(told):
    told(sealed())
    told(linked())
    told(unlinked(), by="041001")
    assert told.methods() == {}
    assert [row["case_no"] for row in told.records.store.rows("withheld_by_clip", clip_id=CLIP.hex)] == [STAGE.id.case]


def test_what_the_rule_withdrew_may_be_linked_by_it_again(told):
    told(sealed())
    told(linked())
    told(unlinked())
    assert told.methods() == {}
    assert told.records.store.rows("withheld_by_clip", clip_id=CLIP.hex) == []


def test_a_person_who_links_again_takes_the_refusal_back(told):
    told(sealed())
    told(linked())
    told(unlinked(), by="041001")
    told(linked("person"), by="041001")
    assert told.methods() == {CLIP.hex: "person"}
    assert told.records.store.rows("withheld_by_clip", clip_id=CLIP.hex) == []


def test_a_stage_imported_again_is_changed_and_its_officers_with_it(told):
    told(imported(told, replace(STAGE, officers=("041007", "041008"))))
    told(imported(told, replace(STAGE, officers=("041009",), place="盘龙路1号", end=at(99))))
    (found,) = told.records.stages()
    assert found == replace(STAGE, officers=("041009",), place="盘龙路1号", end=at(99))


def test_every_review_is_kept(told):
    for decision in ("missing", "seen"):
        told(say.MarkReviewed(item="id_shown", decision=decision, why="0" * 64, **LINK), by="041001")
    found = told.records.reviews(STAGE.id)
    assert [(review.decision, review.by, review.seq) for review in found] == [("missing", "041001", 0), ("seen", "041001", 1)]


def test_an_assignment_stated_again_changes_its_last_day(told):
    for until in (None, "2026-11-15"):
        told(say.DeviceAssigned(recorder="Z3A0017", officer="041007", since="2026-01-01", until=until))
    assert [each.until for each in told.records.assignments()] == ["2026-11-15"]


def test_the_checklist_of_a_day_is_the_latest_one_in_force(told, root):
    shipped = read_checklist(root / "config" / "checklists" / "default.toml")
    for version, day in (("1", "2026-01-01"), ("3", "2027-01-01"), ("2", "2026-11-16")):
        version_of = replace(shipped, version=version)
        digest = told.put(documents.checklist(version_of))
        told(say.ChecklistAdopted(name="n", version=version, in_force_from=day, checklist=digest, items=1))
    in_force = [told.records.checklist_for(at(day * 86_400)) for day in (-400, -100, -1, 0, 20, 60)]
    assert [found and found.version for found in in_force] == [None, "1", "1", "2", "2", "3"]
