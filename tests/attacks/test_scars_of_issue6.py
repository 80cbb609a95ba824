"""Attacks on what issue 6 brought: each states what must hold, by the shortest way that somebody found around it."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import Workbook, load_workbook

from attacks.scene import scene
from avrecord.dock.volumes import volume_at
from avrecord.errors import AvrecordError, BadInput
from avrecord.ledger.cases import case_number
from avrecord.ledger.opinion import Opinion, Picture, write_docx
from avrecord.ledger.template import fill_template
from avrecord.ledger.write import Sheet
from avrecord.model.case import Review, StageId
from avrecord.model.checklist import Checklist, Item, Mode
from avrecord.model.keeping import Fate
from avrecord.model.statement import ClipLinked, ClipRemoved
from avrecord.pipeline import bring, link
from avrecord.pipeline import draw as drawing
from avrecord.pipeline.draw import announce, draw, drawn
from avrecord.pipeline.link import link_all
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.retention import Book
from avrecord.pipeline.review import link_by_hand, unlink_by_hand
from avrecord.pipeline.verify import verify
from avrecord.pipeline.witnessing import WITNESSED, witnessed_files
from avrecord.rules.reviewing import in_force
from avrecord.rules.tags import tagged_cases
from avrecord.seal.codec import decode
from avrecord.station import heal
from avrecord.vault.folder import FolderVault
from cli.desk import CASE, Desk, cases_file, examined, fleet_file
from cli.keeper import BY, EIGHT_DAYS, LATER, WHY, Station
from cli.test_retention import adopt
from conftest import NOW, pattern
from ledger.ledger_files import case_row, case_table, csv_file

OTHER = "综执罚字〔2026〕46号"
NOON = {"start": "2026-11-16 12:00", "end": "2026-11-16 12:20"}


def removed(station) -> set[str]:
    """The stamps of what an `expire` of this moment takes away."""
    return {row["name"][-10:-4] for row in station.rows("retention", "expire", *BY) if row["kept"] is None}


def table(station, name: str, *rows):
    return case_table(station.root.parent / f"{name}.xlsx", *rows)


def permanent(station) -> None:
    """From now on a linked 现场检查 is kept for ever; a clip of no stage half a year."""
    assert adopt(station, "permanent")[0].code == 0


# --- expiry -------------------------------------------------------------------------------------------------------


def test_links_that_a_crash_left_unmade_are_made_before_anything_is_removed(station):
    """A case came after the list; the power went between its import and the linking. The clip is of a permanent stage."""
    station.enable()
    permanent(station)
    station("retention", "list", *BY)
    kit = station.kit()
    path = table(station, "late", case_row(case=OTHER, officers="FY1", **NOON))
    bring.import_cases(path, bring.inspect_cases(path, kit), "FY041001", kit)  # and no link_all
    kit.store.close()
    station.at(LATER + EIGHT_DAYS)
    assert "120000" not in removed(station)


def test_a_need_that_somebody_decided_does_not_decide_the_next_one_of_its_kind(station):
    """A person saw the proposal for one case, and named the clip. A second case proposes the clip later: nobody saw that."""
    station.enable()
    permanent(station)
    station("devices", "assign", "Z3A0017", "FY8", "--from", "2026-01-01", *BY)  # shared: nothing is certain any more
    station("cases", "import", table(station, "one", case_row(case=OTHER, officers="FY1", **NOON)), "--apply")
    clip = station.id("120000").id.hex
    assert station("retention", "list", *BY, "--clip", clip, "--json").code == 0
    third = "综执罚字〔2026〕47号"
    station("cases", "import", table(station, "two", case_row(case=third, officers="FY8", **NOON)), "--apply")
    assert {row["case"] for row in station.rows("cases", "proposals") if row["clip"] == clip} == {OTHER, third}
    station.at(LATER + EIGHT_DAYS)
    assert "120000" not in removed(station)


def test_a_hold_of_a_day_covers_a_clip_that_runs_into_it(root, kit, dcam, dock, monkeypatch, capsys, tmp_path, request):
    """A shift before midnight: the file begins at 23:55 and ends at 00:05. The next day's footage is frozen."""
    dock(dcam({"VIDEO/235500.mp4": pattern(3000, 5)}))
    examined(kit, "235500.mp4", 600)
    kit.store.close()
    station = Station(root, monkeypatch, capsys)
    station.at(NOW)
    assert station("devices", "import", fleet_file(tmp_path), *BY).code == 0
    station.at(LATER)
    station.enable()
    about = ("--recorder", "Z3A0017", "--from", "2026-11-17", "--to", "2026-11-17")
    assert station("retention", "hold", "set", *about, *WHY).code == 0
    assert station.fates() == {"235500": "held"}


def test_a_hold_on_a_case_outlives_the_link_that_a_corrected_row_withdraws(station):
    """Listed, then linked to a case that came late, then the case is frozen; then somebody imports it with other officers."""
    station.enable()
    permanent(station)
    station("retention", "list", *BY)
    station("cases", "import", table(station, "late", case_row(case=OTHER, officers="FY1", **NOON)), "--apply")
    assert station("retention", "hold", "set", "--case", OTHER, *WHY).code == 0
    kit = station.kit()
    found = Book(kit).one(station.id("120000").id.hex, LATER.date())
    assert found is not None
    assert found.fate is Fate.HELD
    kit.store.close()
    station("cases", "import", table(station, "other", case_row(case=OTHER, officers="FY7", **NOON)), "--apply")
    station.at(LATER + EIGHT_DAYS)
    assert "120000" not in removed(station)


def test_a_clock_that_ran_behind_when_the_list_was_made_does_not_shorten_the_days_of_the_list(station):
    """The list is stated while the clock is a month behind what the log already claims; an hour later the clock is right."""
    station.enable()
    station.at(LATER + timedelta(days=30))
    station("retention", "hold", "set", "--clip", station.id("090000").id.hex, *WHY)
    station.at(LATER)
    assert station("retention", "list", *BY, "--json").json["count"] == 2  # after a clock.stepped
    station.at(LATER + timedelta(days=30, hours=1))
    assert removed(station) == set()


def test_days_that_only_the_stations_clock_jumped_over_are_no_days_of_the_list(station):
    """List, clock forward, remove, clock back: the log itself says at the end that the days never were."""
    station.enable()
    station("retention", "list", *BY)
    station.at(LATER + EIGHT_DAYS)
    station("retention", "expire", *BY)
    station.at(LATER + timedelta(minutes=2))
    station("retention", "hold", "set", "--clip", station.id("090000").id.hex, *WHY)  # states clock.stepped first
    kit = station.kit()
    assert "REMOVED_BY_RULE" not in verify(kit).totals
    kit.store.close()


def test_a_version_that_is_moved_into_the_future_is_shorter_too(station):
    """The same name and number again with another day: the version before it comes back into force, unasked."""
    assert adopt(station, "6m", "8", "2026-01-01", "--accept-shorter")[0].code == 0
    assert adopt(station, "permanent", "9", "2026-02-01")[0].code == 0
    assert not any("090000" in row["name"] for row in station.rows("retention", "due"))
    moved, _ = adopt(station, "permanent", "9", "2030-01-01")
    assert moved.code == 32, station.fates()


@pytest.mark.parametrize("matter", ["", "占道"])
def test_of_two_rows_for_one_stage_the_longer_retention_holds(matter):
    items = (
        Item("1", "", "现场检查", Mode.KEY, ("id_shown",), retention="6m"),
        Item("2", "", "现场检查", Mode.KEY, ("notice_given",), retention="permanent"),
    )
    if matter:
        items = tuple(
            Item(i.code, "", i.stage, i.mode, i.segments, retention=i.retention, matter=f"{matter}{i.code}") for i in items
        )
    found = Checklist("清单", "", "1", date(2026, 1, 1), items).item_for("行政处罚", "现场检查")
    assert found is not None
    assert found.retention == "permanent"


def test_a_clip_that_nobody_ever_examined_is_for_a_person(station, dcam, dock):
    """Its length is not known, so no rule could link it: with its length it reaches a stage that is kept for ever."""
    station.enable()
    permanent(station)
    station.at(NOW)
    kit = station.kit()
    receive(volume_at(dcam({"VIDEO/160000.mp4": pattern(3000, 16)}, name="slot6")), kit)
    kit.store.close()
    late = {"start": "2026-11-16 16:10", "end": "2026-11-16 16:20"}
    station("cases", "import", table(station, "late", case_row(case=OTHER, officers="FY1", **late)), "--apply")
    station.at(LATER)
    assert station.fates()["160000"] == "person"


def test_a_file_that_cannot_be_unlinked_is_said_in_words_and_stops_no_later_start(station, monkeypatch):
    """`chattr +i`, a share gone read-only: the removal is stated, the file stays."""
    station.enable()
    station("retention", "list", *BY)
    station.at(LATER + EIGHT_DAYS)
    real = FolderVault.remove

    def refused(self, stored):
        if "120000" in stored:
            raise PermissionError(1, "Operation not permitted", stored)
        real(self, stored)

    monkeypatch.setattr(FolderVault, "remove", refused)
    said = station("retention", "expire", *BY)
    assert said.code != 1, said.err
    assert "Traceback" not in said.err


def test_a_file_that_cannot_be_unlinked_lets_the_station_start_and_the_others_go(station, monkeypatch):
    """What the crash of a removal left is finished at each start: one file that refuses may not stop the service."""
    station.enable()
    station("retention", "list", *BY)
    station.at(LATER + EIGHT_DAYS)
    real = FolderVault.remove

    def refused(self, stored):
        if "120000" in stored:
            raise PermissionError(1, "Operation not permitted", stored)
        real(self, stored)

    monkeypatch.setattr(FolderVault, "remove", refused)
    station("retention", "expire", *BY)
    kit = station.kit()
    heal(kit)
    assert not kit.vault.path(station.id("130000").stored).exists()
    kit.store.close()


@pytest.mark.parametrize("against", ["hold", "came-back"])
def test_what_was_deleted_by_hand_is_not_excused_by_a_removal_that_the_log_itself_refutes(station, dcam, against):
    """Somebody with the keys states a removal that rests on a true list, over an open hold or after the bytes came again."""
    station.enable()
    station("retention", "list", *BY)
    clip = station.id("120000")
    station.at(LATER + EIGHT_DAYS)
    if against == "hold":
        assert station("retention", "hold", "set", "--clip", clip.id.hex, *WHY).code == 0
        kit = station.kit()
    else:
        assert "120000" in removed(station)
        kit = station.kit()
        again = dcam({"VIDEO/DCAM_Z3A0017_041007_20261116_999999.mp4": pattern(3000, 1)}, name="slot9")
        assert receive(volume_at(again), kit).again == 1
        assert "MISSING" not in verify(kit).totals
    listed = kit.store.row("listed_of", clip_id=clip.id.hex) or kit.store.row("statements_of_kind", kind="expiry.listed", since=0)
    body = {"clip": clip.id.hex, "place": "vault", "docking": "", "path_raw": clip.stored, "rule": "mine", "due": "2026-01-01"}
    state(kit, [ClipRemoved(listed=listed["seq"], **body)], "FY1")
    kit.vault.remove(clip.stored)
    assert [each.code for each in verify(kit).findings if each.about == clip.stored] == ["MISSING"]
    kit.store.close()


def test_a_setting_of_the_environment_shortens_nothing_that_the_log_does_not_know(station, monkeypatch):
    """station.toml keeps unlinked clips two years; one line in a shell makes it six months, and no statement says so."""
    settings = station.root / "station.toml"
    text = settings.read_text("utf-8")
    assert "unlinked_months = 6" in text
    settings.write_text(text.replace("unlinked_months = 6", "unlinked_months = 24"), "utf-8")
    station.enable()
    assert station.fates() == {}
    monkeypatch.setenv("AVRECORD_STATION__RETENTION__UNLINKED_MONTHS", "6")
    station("retention", "list", *BY)
    station.at(LATER + EIGHT_DAYS)
    assert removed(station) == set()


def test_a_setting_that_shortens_is_refused_until_somebody_accepts_it(station):
    """A list that shortens is; `unlinked_months` in station.toml goes down from 24 to 6 without a word."""
    settings = station.root / "station.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("unlinked_months = 6", "unlinked_months = 24"), "utf-8")
    assert station.fates() == {}
    settings.write_text(text, "utf-8")
    station.enable()
    assert station.rows("retention", "list", *BY) == [], "listed at once what a longer rule kept a moment ago"
    station.at(LATER + timedelta(days=31))
    assert station.rows("retention", "list", *BY) != [], "a shorter setting counts when a month has passed"


def test_a_recorders_log_does_not_fall_due_by_itself_beside_footage_that_is_kept(station, dcam):
    """Tracks and logs are linked to no stage: after six months they would go while their recording stays for ever."""
    station.enable()
    kit = station.kit()
    card = {"VIDEO/DCAM_Z3A0017_041007_20261118_110000.mp4": pattern(900, 8), "LOG/a.log": b"BAT=50%\n"}
    receive(volume_at(dcam(card, name="slot8")), kit)
    kit.store.close()
    station.at(LATER + timedelta(days=400))
    rows = {row["name"]: row for row in station.rows("retention", "due")}
    assert (rows["a.log"]["fate"], rows["a.log"]["needs"][-1]) == ("person", "device_log")


# --- linking ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shift(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """One clip of ten minutes from noon, and one that runs over midnight; recorder Z3A0017 in FY1's hands."""
    made = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/120000.mp4": pattern(3000), "VIDEO/235000.mp4": pattern(3000, 2)}))
    examined(kit, "120000.mp4", 600)
    examined(kit, "235000.mp4", 1800)
    made("devices", "import", fleet_file(tmp_path))
    return made


def links(desk: Desk, kit) -> set[tuple[str, str]]:
    return {(stage.id.case, clip.name[-10:-4]) for stage in kit.records.stages() for clip, _ in kit.records.linked(stage.id)}


def brought(desk: Desk, name: str, *rows) -> None:
    assert desk("cases", "import", case_table(desk.root.parent / f"{name}.xlsx", *rows), "--apply").code == 0


def test_a_stage_that_moves_away_leaves_its_clips_to_the_other_one(shift, kit):
    """Two stages near, neither certain; one was written with the wrong hour. Corrected, the clip can only be the other's."""
    near = case_row(case=OTHER, officers="FY1", start="2026-11-16 11:40", end="2026-11-16 11:57")
    wrong = case_row(officers="FY1", start="2026-11-16 12:13", end="2026-11-16 12:30")
    brought(shift, "a", near, wrong)
    assert links(shift, kit) == set()
    brought(shift, "b", near, case_row(officers="FY1", start="2026-11-16 18:13", end="2026-11-16 18:30"))
    assert links(shift, kit) == {(OTHER, "120000")}


def test_an_assignment_that_begins_at_midnight_reaches_a_clip_that_runs_over_it(shift, kit):
    brought(shift, "a", case_row(officers="FY5", start="2026-11-17 00:05", end="2026-11-17 00:15"))
    shift("devices", "assign", "Z3A0017", "FY1", "--from", "2026-01-01", "--to", "2026-11-16", *BY)
    shift("devices", "assign", "Z3A0017", "FY5", "--from", "2026-11-17", *BY)
    assert links(shift, kit) == {(CASE, "235000")}


def test_what_a_setting_of_linking_changes_does_not_depend_on_when_the_index_was_built(shift, kit):
    """A wider buffer: clips that were looked at stay as they were, until somebody rebuilds."""
    brought(shift, "a", case_row(officers="FY1", start="2026-11-16 12:20", end="2026-11-16 12:30"))
    settings = shift.root / "station.toml"
    text = settings.read_text("utf-8")
    assert "buffer_seconds = 300" in text
    settings.write_text(text.replace("buffer_seconds = 300", "buffer_seconds = 900"), "utf-8")
    shift("cases", "import", case_table(shift.root.parent / "b.xlsx", case_row(case="综执罚字〔2026〕99号")), "--apply")
    assert (CASE, "120000") in links(shift, kit)


def between(monkeypatch, action) -> None:
    """Let somebody act in the moment between what linking found and what it states."""
    real, done = link.catch_up, []

    def late(kit):
        """Another process spoke while this one waited for the log's lock."""
        if not done:
            done.append(True)
            action()
        return real(kit)

    monkeypatch.setattr(link, "catch_up", late)


def test_a_link_that_a_person_makes_while_linking_runs_is_not_withdrawn_by_it(shift, kit, monkeypatch):
    brought(shift, "a", case_row(officers="FY1", **NOON))
    assert links(shift, kit) == {(CASE, "120000")}
    (clip,) = [clip for clip in kit.records.clips() if "120000" in clip.name]
    at = StageId(CASE, "现场检查")
    path = case_table(shift.root.parent / "b.xlsx", case_row(officers="FY7", **NOON))
    bring.import_cases(path, bring.inspect_cases(path, kit), "FY041001", kit)
    between(monkeypatch, lambda: link_by_hand(at, clip.id, "FY9", kit))
    link_all(kit)
    assert links(shift, kit) == {(CASE, "120000")}


def test_a_persons_unlink_while_linking_runs_stands(shift, kit, monkeypatch):
    path = case_table(shift.root.parent / "a.xlsx", case_row(officers="FY1", **NOON))
    bring.import_cases(path, bring.inspect_cases(path, kit), "FY041001", kit)
    (clip,) = [clip for clip in kit.records.clips() if "120000" in clip.name]

    def action():
        link_by_hand(StageId(CASE, "现场检查"), clip.id, "FY9", kit)
        unlink_by_hand(StageId(CASE, "现场检查"), clip.id, "认错了", "FY9", kit)

    between(monkeypatch, action)
    link_all(kit)
    link_all(kit)
    assert links(shift, kit) == set()


def test_two_that_link_at_once_state_a_link_once(shift, kit, monkeypatch):
    path = case_table(shift.root.parent / "a.xlsx", case_row(officers="FY1", **NOON))
    bring.import_cases(path, bring.inspect_cases(path, kit), "FY041001", kit)
    between(monkeypatch, lambda: link_all(kit))
    link_all(kit)
    said = [decode(entry, at).body for at, entry in kit.log.entries(0, kit.log.size)]
    assert sum(isinstance(body, ClipLinked) for body in said) == 1


@pytest.mark.parametrize("written", ["综执罚字〔2026〕第44号", "综执罚字〔2026〕044号", "综执罚字《2026》44号"])
def test_a_case_number_and_a_tag_have_one_form(written):
    """The case file and the file name write the number alike, and find each other."""
    number = case_number(written)
    assert tagged_cases(f"VIDEO/{written}.mp4", lambda case, before: case == number) == (number,)


def test_a_tag_of_an_unknown_case_is_not_the_known_case_that_it_ends_like():
    """盘综执罚字 and 综执罚字 are two registers. Only one is imported so far: the file is not that one's."""

    def is_known(case: str, before: str) -> bool:
        return case == CASE and before in ("", "现场检查")

    assert tagged_cases("VIDEO/盘综执罚字〔2026〕44号.mp4", is_known) == ()
    assert tagged_cases("VIDEO/现场检查综执罚字〔2026〕44号.mp4", is_known) == (CASE,)


# --- reviews and draws --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["fy1", "FY-1"])
def test_an_officer_cannot_review_the_own_stage_by_another_spelling_of_the_number(shift, by):
    brought(shift, "a", case_row(officers="FY1", **NOON))
    assert shift("review", CASE, "现场检查", "id_shown", "--as", "seen", "--by", by, "--why", "看过").code != 0


def said(*steps: tuple[str, str]) -> list[Review]:
    return [Review(StageId(CASE, "现场检查"), "id_shown", decision, by, NOW, seq) for seq, (by, decision) in enumerate(steps)]


def test_one_person_in_two_spellings_is_not_four_eyes():
    assert in_force(said(("FY9", "not_required"), ("fy9", "not_required")), {"not_required"}) == {}


def test_a_decision_that_waits_for_a_second_person_does_not_push_out_the_one_in_force():
    """`missing` holds. One person alone says `not_required`, which needs two: until then `missing` holds."""
    assert in_force(said(("FY8", "missing"), ("FY9", "not_required")), {"not_required"}) == {"id_shown": "missing"}


def test_one_person_cannot_withdraw_what_took_two():
    found = in_force(said(("FY7", "missing"), ("FY8", "missing"), ("FY9", "withdrawn")), {"missing", "not_required"})
    assert found == {"id_shown": "missing"}


def test_a_reviewer_who_becomes_an_officer_of_the_stage_no_longer_settles_it(shift, kit):
    brought(shift, "a", case_row(officers="FY1", **NOON))

    def lacking():
        return {row.get("segment") or row.get("what") for row in shift.rows("cases", "missing", "--case", CASE)}

    before = lacking()
    assert "id_shown" in before, before
    assert shift("review", CASE, "现场检查", "id_shown", "--as", "seen", "--by", "FY9", "--why", "看过").code == 0
    assert "id_shown" not in lacking()
    brought(shift, "b", case_row(officers="FY1、FY9", **NOON))
    assert "id_shown" in lacking()


def test_a_cosigned_checkpoint_that_nobody_cosigned_is_no_seed(shift, kit):
    """The station writes its own file among the witnessed ones: the draw then says that a witness chose the seed."""
    brought(shift, "a", case_row(officers="FY1", **NOON))
    number, _ = announce(1, "FY9", kit)
    folder = kit.log.folder / WITNESSED
    folder.mkdir(exist_ok=True)
    (folder / "999.checkpoint").write_text(kit.log.checkpoint() + "— mayor AAAAAAAA\n", "utf-8")
    assert draw(number, "FY9", kit).seed_from == "checkpoint"


def announced_twice(scene) -> tuple[int, int]:
    """Two announcements of one population, both before any cosignature: one seed is for both."""
    kit, path = scene.kit, scene.desk.parent / "cases.xlsx"
    case_table(path, *(case_row(case=f"综执罚字〔2026〕{n}号", officers="FY1", **NOON) for n in range(1, 9)))
    bring.import_cases(path, bring.inspect_cases(path, kit), "FY041001", kit)
    return announce(3, "FY9", kit)[0], announce(3, "FY9", kit)[0]


def test_the_seed_is_the_first_cosignature_that_the_log_knows_whatever_files_are_left(scene):
    """Two witnessed checkpoints after the announcement; the first one's file is deleted: the second must not become the seed."""
    one, two = announced_twice(scene)
    scene.clock.now += timedelta(minutes=1)
    scene.witness()
    (first,) = witnessed_files(scene.kit)
    wanted = draw(one, "FY9", scene.kit).seed
    scene.clock.now += timedelta(minutes=1)
    scene.take()
    scene.witness()
    first.unlink()
    with suppress(AvrecordError):  # refused is as good
        assert draw(two, "FY9", scene.kit).seed == wanted


def test_a_witnessed_file_with_a_line_added_to_it_draws_the_same(scene):
    """The station appends lines of its own below the true cosignature until the sample pleases."""
    one, two = announced_twice(scene)
    scene.clock.now += timedelta(minutes=1)
    scene.witness()
    (first,) = witnessed_files(scene.kit)
    wanted = draw(one, "FY9", scene.kit).seed
    first.write_text(first.read_text("utf-8") + "— x AAAAAAAB\n", "utf-8")
    with suppress(AvrecordError):
        assert draw(two, "FY9", scene.kit).seed == wanted


def test_a_draw_from_a_seed_that_was_not_due_is_found_when_it_is_drawn_again(scene, monkeypatch):
    """A witness has cosigned, and the station's program draws from a seed of its own all the same."""
    one, _ = announced_twice(scene)
    scene.clock.now += timedelta(minutes=1)
    scene.witness()
    with monkeypatch.context() as altered:
        altered.setattr(drawing, "_seed", lambda *_: ("public", b"the lottery of that day"))
        draw(one, "FY9", scene.kit)
    assert drawn(one, scene.kit).same is False


# --- templates and opinions ---------------------------------------------------------------------------------------

HEADERS = {"case_no": ("案号",), "unit": ("执法单位",), "problem": ("存在问题",)}
BASIS = Sheet("依据", "所依据的片段", (("案号", 12),), [["44"]], ["查询：全部"])


def template(folder, change=lambda page: None):
    made = Workbook()
    page = made.active
    page.append(["案号", "执法单位", "存在问题"])
    change(page)
    made.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def records(count: int, problem: str = "x"):
    return [{"case_no": f"{n}号", "unit": "大队", "problem": problem} for n in range(1, count + 1)]


@pytest.mark.parametrize("bad", ["a\x0bb", "a\x00b", "\ufffe", "\ud800"])
def test_a_character_that_no_workbook_holds_does_not_end_the_ledger(tmp_path, bad):
    fill_template(template(tmp_path), tmp_path / "out.xlsx", HEADERS, records(1, bad), BASIS)
    assert load_workbook(tmp_path / "out.xlsx")


def test_a_cell_that_is_too_long_says_that_it_was_cut(tmp_path):
    fill_template(template(tmp_path), tmp_path / "out.xlsx", HEADERS, records(1, "长" * 40_000), BASIS)
    value = load_workbook(tmp_path / "out.xlsx").worksheets[0]["C2"].value
    assert not value.endswith("长长长"), "cut without a word"


def test_rows_whose_cells_are_merged_downwards_lose_no_case(tmp_path):
    """Each entry of the form is two rows high: what is written into the lower half is written nowhere."""

    def tall(page):
        for top in (2, 4, 6):
            for column in "ABC":
                page.merge_cells(f"{column}{top}:{column}{top + 1}")

    fill_template(template(tmp_path, tall), tmp_path / "out.xlsx", HEADERS, records(3), BASIS)
    page = load_workbook(tmp_path / "out.xlsx").worksheets[0]
    assert {page.cell(row, 1).value for row in range(2, page.max_row + 1)} >= {"1号", "2号", "3号"}


def test_the_template_is_never_written_over(tmp_path):
    path = template(tmp_path)
    before = path.read_bytes()
    with suppress(AvrecordError):
        fill_template(path, path, HEADERS, records(1), BASIS)
    assert path.read_bytes() == before


SHEET = b"""<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>
<sheetData><row r='1'>%s</row></sheetData></worksheet>"""


def changed(path, out, part: str, content: bytes):
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"),
        ("xl/workbook.xml", b"not xml"),
        ("xl/worksheets/sheet1.xml", SHEET % b"<c r='A1' s='999'><v>1</v></c>"),
        ("xl/worksheets/sheet1.xml", SHEET % b"<c r='A1' t='s'><v>999</v></c>"),
        ("[Content_Types].xml", b"<Types/>"),
    ],
    ids=["cut", "no-xml", "style-999", "string-999", "no-types"],
)  # fmt: skip
def test_a_broken_template_is_bad_input(tmp_path, part, content):
    path = changed(template(tmp_path), tmp_path / "broken.xlsx", part, content)
    with pytest.raises(BadInput):
        fill_template(path, tmp_path / "out.xlsx", HEADERS, records(1), BASIS)


def test_a_template_that_is_formatted_far_down_is_not_looked_at_row_by_row(tmp_path):
    """A bureau draws borders down to the end of the sheet (row 1,048,576): here one cell at row 6,000."""
    path = template(tmp_path, lambda page: page.cell(6_000, 3, ""))
    started = time.process_time()
    fill_template(path, tmp_path / "out.xlsx", HEADERS, records(2), BASIS)
    assert time.process_time() - started < 0.7


def page_of(**other) -> Opinion:
    fields = {"title": "意见", "facts": [("案号", "1")], "rows": [("a", "b", "c", "d")], "findings": ["x"], "pictures": []}
    return Opinion(**{**fields, "footer": ["f"], **other})


@pytest.mark.parametrize(
    "found",
    [page_of(findings=["名\x01字"]), page_of(rows=[("a\x0b", "b\x00", "c", "d")]), page_of(pictures=[Picture(b"no jpeg", "x")])],
    ids=["control-in-sentence", "control-in-cell", "picture-that-is-none"],
)
def test_an_opinion_is_written_whatever_a_file_is_called(tmp_path, found):
    write_docx(found, tmp_path / "o.docx")
    assert (tmp_path / "o.docx").exists()


def test_a_ledger_is_written_whatever_a_person_pasted_into_a_problem(shift, tmp_path):
    brought(shift, "a", case_row(officers="FY1", **NOON))
    plan = ("--leader", "李", "--department", "科", "--measure", "学", "--deadline", "2026-12-20")
    said = shift("rectify", "open", CASE, "现场检查", "id_shown", "--problem", "未告\x0b知", *plan, *BY)
    assert said.code in (0, 2, 32), said.err
    form = template(tmp_path, lambda page: page.cell(1, 3, "存在问题"))
    for more in ((), ("--template", form)):
        answer = shift("audit", "ledger", "--out", tmp_path / "l.xlsx", *more)
        assert answer.code == 0, answer.err


def test_an_opinion_is_written_for_a_clip_whose_name_holds_a_control_character(kit, dcam, dock, tmp_path, monkeypatch, capsys):
    """A card is hostile: FAT forbids such names, ext4 and a folder on a stick do not."""
    desk = Desk(kit.root, monkeypatch, capsys)
    dock(dcam({"VIDEO/DCAM_Z3A0017_041007_20261116_120000\x01.mp4": pattern(3000)}))
    desk("devices", "import", fleet_file(tmp_path))
    (clip,) = list(kit.records.clips())
    brought(desk, "a", case_row(officers="FY1", **NOON))
    desk("cases", "link", CASE, "现场检查", clip.id.hex, *BY)
    examined(kit, clip.name, 600, seen=["id_shown"])
    for name in ("o.docx", "o.html"):
        answer = desk("cases", "opinion", CASE, "--out", tmp_path / name, *BY)
        assert answer.code in (0, 10), answer.err
    answer = desk("audit", "ledger", "--out", tmp_path / "l.xlsx", "--template", template(tmp_path))
    assert answer.code == 0, answer.err


def test_nothing_is_written_into_the_vault_or_the_log(shift, kit):
    """Whoever runs the station owns the files: an export may not put its own among the evidence, or over it."""
    brought(shift, "a", case_row(officers="FY1", **NOON))
    stored = next(clip.stored for clip in kit.records.clips() if "120000" in clip.name)
    target = kit.vault.path(stored).with_suffix(".xlsx")
    assert shift("audit", "ledger", "--out", target).code != 0
    assert not target.exists()


# --- what is imported ---------------------------------------------------------------------------------------------


ROW = {"案号": CASE, "执法类别": "行政处罚", "执法环节": "现场检查", "执法单位": "大队", "执法证号": "FY1"}
ROW |= {"开始时间": "2026-11-16 09:00", "结束时间": "2026-11-16 09:20"}


@pytest.mark.parametrize(
    "other",
    [
        {"当事人": "\ud800"},
        {"开始时间": "0001-01-01 00:00", "结束时间": "0001-01-01 00:10"},
        {"开始时间": "9999-12-31 23:00", "结束时间": "9999-12-31 23:10"},
        {"开始时间": "0001-01-01T00:00:00+14:00", "结束时间": "0001-01-01T00:10:00+14:00"},
        {"开始时间": "9999-12-31T23:00:00-12:00", "结束时间": "9999-12-31T23:10:00-12:00"},
        {"地点": "a\x01\x0bb"},
        {"执法证号": {"a": [1]}},
        {"执法证号": 1e308},
        {"案号": 10**400},
        {"案号": True},
    ],
    ids=["surrogate", "year-1", "year-9999", "zone-1", "zone-9999", "control", "object", "1e308", "long", "true"],
)
@pytest.mark.parametrize("apply_it", [False, True], ids=["dry", "apply"])
def test_no_case_row_shows_a_traceback(shift, other, apply_it):
    path = shift.root.parent / "cases.json"
    path.write_text(json.dumps([ROW | other]), "utf-8")
    answer = shift("cases", "import", path, *(["--apply"] if apply_it else []), "--json")
    assert answer.code in (0, 32), answer.err
    assert shift("cases", "missing").code in (0, 10, 32)
    assert shift("audit", "ledger", "--out", shift.root.parent / "l.xlsx").code in (0, 32)
    assert shift("cases", "opinion", CASE, "--out", shift.root.parent / "o.docx", *BY).code in (0, 10, 32)


def test_one_row_of_the_last_year_does_not_stop_linking_for_ever(shift, kit):
    """It is valid by the dry run and stated; then every later linking, of any clip, of any case, ends in OverflowError."""
    path = shift.root.parent / "far.json"
    path.write_text(json.dumps([ROW | {"开始时间": "9999-12-31 23:00", "结束时间": "9999-12-31 23:10"}]), "utf-8")
    shift("cases", "import", path, "--apply")
    brought(shift, "a", case_row(case=OTHER, officers="FY1", **NOON))
    assert links(shift, kit) == {(OTHER, "120000")}


@pytest.mark.parametrize("content", ["[" * 100_000, '[{"案号": ' + "9" * 5000 + "}]", "1", "[[1]]", '{"rows": {}}'])
def test_no_json_shows_a_traceback(shift, content):
    path = shift.root.parent / "cases.json"
    path.write_text(content, "utf-8")
    assert shift("cases", "import", path).code == 32


LIST_HEADER = ["执法类别", "执法事项", "执法环节", "记录场所", "记录方式", "存储期限"]


@pytest.mark.parametrize(
    "row",
    [
        ["行政处罚", "x", "现场检查\x01\x0b", "街", "全程", "2年"],
        ["行政处罚", "x", "现" * 30_000, "街", "全程", "2年"],
        ["行政处罚", "x", "现场检查", "街", "全程", "99999999999年"],
        ["行政处罚", "x", "现场检查", "街", "全程", "二〇〇〇年"],
        ["行政处罚", '"""\\', "现场检查'''", "街", "全程", "永久"],
        [1e308, -1, True, None, "全程", 2],
    ],
)
def test_a_hostile_list_is_proposed_or_refused(shift, row):
    path = csv_file(shift.root.parent / "list.csv", [LIST_HEADER, row])
    out = shift.root.parent / "proposal.toml"
    answer = shift("checklist", "import", path, "--name", "清单", "--in-force-from", "2026-01-01", "--out", out)
    assert answer.code in (0, 32), answer.err
    if out.exists():
        assert shift("checklist", "adopt", out, "--confirm-all", "--accept-shorter", *BY).code in (0, 32)
