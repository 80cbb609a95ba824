"""Loss accounting: what any card ever showed is in exactly one state, and what nobody can explain is named."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.cli.main import run
from avrecord.dock.volumes import volume_at
from avrecord.pipeline.account import account
from avrecord.pipeline.receive import receive
from avrecord.rules.accounting import FileState, Sighting, account_for, state_of
from conftest import pattern

SIGHTINGS = st.builds(
    Sighting,
    holder=st.sampled_from(["Z3A0017", "B200315"]),
    path=st.text(max_size=5),
    size=st.integers(0, 9),
    last_seen=st.just("2026-11-16T00:00:00.000000Z"),
    clip=st.one_of(st.none(), st.just("ab" * 32)),
    set_aside=st.booleans(),
    still_listed=st.booleans(),
    later=st.booleans(),
    removed=st.booleans(),
)


@given(st.lists(SIGHTINGS))
def test_the_states_add_up_to_what_was_seen_and_no_sealed_file_is_missing(sightings):
    found = account_for(sightings)
    assert sum(count for _, count in found.totals) == found.seen == len(sightings)
    assert all(sighting.clip is None for sighting in found.missing)
    assert Counter(map(state_of, sightings))[FileState.MISSING] == len(found.missing)
    assert all(state_of(each) is FileState.REMOVED for each in sightings if each.clip and each.removed)
    assert all(each.clip for each in sightings if state_of(each) is FileState.REMOVED)


def totals(kit) -> dict[str, int]:
    return {state: count for state, count in account(kit).totals if count}


def test_a_card_that_was_taken_leaves_nothing_unexplained(kit, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": b"a", "VIDEO/090100.mp4": b"", "LOG/a.log": b"x"}))
    assert totals(kit) == {"sealed": 2, "set_aside": 1}


@pytest.fixture
def lost(kit, dcam, monkeypatch) -> str:
    """A file that could not be read at one docking and is not on the card at the next."""
    card = dcam({"VIDEO/090000.mp4": b"a", "VIDEO/090100.mp4": pattern(100)})
    bad = max(card.rglob("*.mp4"))
    real = type(kit.vault).write

    def copy(self, source, *rest):
        if source.title.endswith(bad.name):
            raise OSError(5, "Input/output error")
        return real(self, source, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(type(kit.vault), "write", copy)
        assert receive(volume_at(card), kit).failed == (f"VIDEO/{bad.name}",)
    assert totals(kit) == {"sealed": 1, "on_recorder": 1}
    bad.unlink()
    receive(volume_at(card), kit)
    return bad.name


def test_a_file_that_vanished_from_a_recorder_unsealed_is_missing_by_name(kit, lost, capsys):
    assert totals(kit) == {"sealed": 1, "missing": 1}
    assert run(["--root", str(kit.root), "account"]) == 14
    shown = capsys.readouterr().out
    assert "去向不明" in shown
    assert lost[:20] in shown


def test_a_file_that_was_still_growing_when_first_seen_is_explained_by_its_later_self(kit, dcam, dock, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": b"half"})
    with monkeypatch.context() as patch:
        patch.setattr(type(kit.vault), "write", lambda *_: (_ for _ in ()).throw(OSError(5, "EIO")))
        receive(volume_at(card), kit)
    next(card.rglob("*.mp4")).write_bytes(b"half and the rest")
    dock(card)
    assert totals(kit) == {"sealed": 1, "changed": 1}


def test_the_answer_is_json_with_every_state_named(kit, dcam, dock, capsys):
    dock(dcam({"VIDEO/090000.mp4": b"a"}))
    assert run(["--root", str(kit.root), "account", "--json"]) in (0, None)
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "avrecord.account/1"
    assert set(document["totals"]) == {state.value for state in FileState}
