"""The log is the record and the database a view of it: replayed into an empty one, it is the same."""

from __future__ import annotations

import hashlib
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from avrecord import station
from avrecord.errors import DatabaseProblem, LogBroken
from avrecord.model import statement as say
from avrecord.model.case import Stage, StageId
from avrecord.model.observation import Examination, Facts, Fault, Observation
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, state
from avrecord.seal.codec import decode
from avrecord.store import documents
from avrecord.store.copyreceipt import ReceiptFacts, written
from avrecord.store.projecting.base import rows_of
from avrecord.store.projection import project
from avrecord.store.sqlite import Store, sqlite3
from conftest import NOW, pattern

LOCAL = {"schema_steps", "local_marks"}
STAGE = StageId("盘综执罚〔2026〕44号", "现场执法")


def tables(path: Path) -> dict[str, list[tuple]]:
    """Every row of every table, in an order of its own."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in names if name not in LOCAL}


def replayed(kit: Kit, path: Path) -> dict[str, list[tuple]]:
    with closing(Store(path)) as store, store.writing() as run:
        for index, entry in kit.log.entries():
            project(run, decode(entry, index), kit.attachments.get)
    return tables(path)


def examined(clip: str, outcome: str, *seen: Observation, attempt: int = 1, kit: Kit) -> say.ClipExamined:
    found = Examination(
        clip, outcome, None, ("id_shown@1",), ("id_shown",), Facts(duration_ms=60_000, longest_gap_ms=2000, video_codec="h264"),
        seen, (Fault("mute", "silence@1", 0, 60_000),),
    )  # fmt: skip
    return say.ClipExamined(
        clip=clip, outcome=outcome, reason=None, attempt=attempt, checks=found.checks, duration_ms=60_000,
        examination=kit.attachments.put(documents.examination(found)),
    )  # fmt: skip


def scrubbed(kit: Kit, *read: tuple[str, str]) -> say.ScrubDone:
    bad = sum(code != "OK" for _, code in read)
    return say.ScrubDone(clips=len(read), bytes=9, bad=bad, results=kit.attachments.put(documents.scrub(read)))


def duty(kit: Kit, *officers: str) -> say.DutyImported:
    entries = [{"day": "2026-11-16", "unit": "一中队", "officer": officer} for officer in officers]
    rows = kit.attachments.put(documents.duty(entries))
    return say.DutyImported(source=kit.attachments.put(b"duty"), rows=rows, entries=len(entries))


def imported(kit: Kit, *officers: str, place: str = "") -> say.CaseImported:
    start = NOW - timedelta(days=5)
    stage = Stage(STAGE, "行政处罚", "现场执法", "一中队", officers, start, start + timedelta(hours=1), place)
    rows = kit.attachments.put(documents.stages([stage]))
    return say.CaseImported(source=kit.attachments.put(b"workbook"), rows=rows, stages=1)


@pytest.fixture
def lived(kit: Kit, dcam, dock) -> Kit:
    """A station that has seen every kind of statement, some of them more than once."""
    files = {"VIDEO/090000.mp4": pattern(3000), "VIDEO/091000.mp4": pattern(3000, 2), "PHOTO/other.jpg": pattern(500, 3)}
    files |= {"VIDEO/DCAM_Z3A0017_041007_20000101_000012.mp4": b"after a reset", "LOG/a.log": b"BAT=50%\n"}
    dock(dcam(files))
    dock(dcam(files | {"VIDEO/092000.mp4": pattern(3000)}, name="slot2"))
    first, second = (hashlib.sha256(pattern(3000, seed)).hexdigest() for seed in (1, 2))
    sight = Observation("id_shown", "id_shown@1", 4000, 912, "行政执法证", "00" * 32, (1, 2, 3, 4))
    link = {"case": STAGE.case, "stage": STAGE.name}
    review = {"item": "id_shown", "why": kit.attachments.put("看过原片".encode()), **link}
    bodies: list[say.Body] = [
        say.ServiceStarted(version="1"),
        examined(first, "failed", kit=kit),
        examined(first, "complete", sight, sight, attempt=2, kit=kit),
        examined(second, "complete", sight, kit=kit),
        examined(second, "unreadable", attempt=2, kit=kit),
        imported(kit, "041007", "041008"),
        imported(kit, "041007", place="盘龙路1号"),
        say.ClipLinked(clip=first, method="assignment", overlap_ms=5, uncertainty_ms=1, **link),
        say.ClipLinked(clip=second, method="assignment", overlap_ms=5, uncertainty_ms=1, **link),
        say.ClipUnlinked(clip=second, why="no longer matches", **link),
        say.RosterImported(source=kit.attachments.put(b"roster"), rows=kit.attachments.put(roster()), officers=1),
        say.DeviceRegistered(
            recorder="Z3A0017", model="DSJ", unit=None, bought_on="2024-01-01", warranty_until=None, service_life_months=60,
            in_service=True, price_fen=128_000,
        ),
        say.DeviceAssigned(recorder="Z3A0017", officer="041007", since="2026-01-01", until=None),
        say.DeviceAssigned(recorder="Z3A0017", officer="041007", since="2026-01-01", until="2026-12-31"),
        say.DeviceEvent(recorder="Z3A0017", event="repair", since="2026-11-01", until=None, note=""),
        say.DeviceEvent(recorder="Z3A0017", event="repair", since="2026-11-01", until="2026-11-03", note="换屏"),
        say.DeviceEvent(recorder="Z3A0017", event="fault", since="2026-11-05", until=None, note="", cost_fen=12_850),
        duty(kit, "041007", "041008"),
        duty(kit, "041007"),
        say.CardRemovedEarly(docking="0" * 16, recorder=None, left=kit.attachments.put(documents.manifest([])), files=0),
        say.ReleaseGranted(
            docking="0" * 16, recorder="Z3A0017", rule="cosigned, 24 h", receipt=kit.attachments.put(b"r"), files=1, bytes=9,
        ),
        say.ClipRemoved(clip=first, place="card", docking="0" * 16, path_raw="YQ==", rule="cosigned, 24 h"),
        say.HoldSet(clip=None, case=STAGE.case, recorder=None, since=None, until=None, why=kit.attachments.put(b"why")),
        say.ExpiryListed(listed=kit.attachments.put(expiring(first, second)), clips=2, bytes=6000),
        say.ExpiryUndone(clip=second, until="2027-01-01", why=kit.attachments.put(b"why")),
        say.ClipRemoved(
            clip=first, place="vault", docking="0" * 16, path_raw="a", rule="unlinked 6m", listed=1, due="2026-01-01",
        ),
        say.ArchiveMade(unit="一中队", year=2026, clips=1, bytes=9, bag="1" * 64, receipt=kit.attachments.put(b"receipt")),
        say.ArchiveReceived(
            unit="一中队", year=2026, bag="1" * 64, receipt=kit.attachments.put(b"receipt"),
            signature=kit.attachments.put(b"sig"), key="RW",
        ),
        say.ClipsUploaded(store="http://store/avrecord", clips=(first, second), bytes=6000),
        say.AttachmentsLost(digests=("0" * 64, "1" * 64)),
        say.ClipsLocked(store="http://store/avrecord", until="2027-05-21T16:00:00.000000Z", clips=(first, second)),
        say.ReceiptTaken(
            store="http://store/avrecord", clips=1, key="ssh-ed25519 AAAA", signature=kit.attachments.put(b"sig"),
            receipt=kit.attachments.put(written(ReceiptFacts("s", "b", "store", ("", ""), ()), [(first, "a/b.mp4")])),
        ),
        say.KeysListed(version=3, root="RW", keylist=kit.attachments.put(b"list")),
        say.ClockStepped(by_ms=-1000, method="monotonic"),
        say.GapObserved(
            recorder="Z3A0017", gap="sequence", first="4", last="6", missing=1, clip_before=first, clip_after=None,
        ),
        scrubbed(kit, (first, "OK"), (second, "ALTERED")),
        scrubbed(kit, (second, "OK")),
        say.ExportMade(what="missing", rows=3, file="0" * 64),
        say.ClipViewed(clip=first, how="watched", why=None),
        say.ClipViewed(clip=first, how="taken", why=kit.attachments.put(b"for the hearing")),
        say.Anchor(witness="w.example", witness_key="k", size=9, cosigned_at="2026-11-21T02:00:00.000000Z", note="0" * 64),
    ]  # fmt: skip
    by_person: list[say.Body] = [
        say.MarkReviewed(decision="missing", **review),
        say.MarkReviewed(decision="seen", **review),
        say.MarkReviewed(
            decision="missing", letter=kit.attachments.put(b"letter"), signature=kit.attachments.put(b"sig"), **review
        ),
        say.ReviewLeft(
            of_station="station-02",
            case="x",
            stage="y",
            item="footage",
            decision="seen",
            letter=kit.attachments.put(b"letter"),
            signature=kit.attachments.put(b"sig"),
        ),
        say.ClipLinked(clip=second, method="person", overlap_ms=0, uncertainty_ms=0, **link),
        say.ClipUnlinked(clip=first, why=kit.attachments.put("不是这个案子".encode()), **link),
    ]
    state(kit, bodies)
    state(kit, by_person, by="041001")
    state(kit, audited(kit), by="041001")
    (hold,) = [row["seq"] for row in kit.store.rows("all_holds")]
    state(kit, [say.HoldLifted(hold=hold, clip=None, case=STAGE.case, why=kit.attachments.put(b"over"))], by="041001")
    return kit


def audited(kit: Kit) -> list[say.Body]:
    """A draw, and a problem through all its states."""
    put, size = kit.attachments.put, kit.log.size
    told = put(documents.problem("未告知", "李局长", "法制科", "学习"))
    sample = put(documents.sample([documents.stage_text(STAGE)]))
    return [
        say.AuditAnnounced(population=put(documents.population({"count": 1}, [STAGE])), of=1, count=1),
        say.AuditDrawn(announced=size, seed=put(b"seed"), seed_from="public", sample=sample, count=1),
        say.ProblemOpened(case=STAGE.case, stage=STAGE.name, item="id_shown", deadline="2026-12-01", details=told),
        say.ProblemChanged(problem=size + 2, deadline="2026-12-05", details=told),
        say.ProblemClosed(problem=size + 2, evidence=put(b"photo"), why=put("已学习".encode())),
        say.ProblemReopened(problem=size + 2, why=put("反弹".encode())),
    ]


def expiring(*clips: str) -> bytes:
    return documents.write("expiry", {"clips": [{"clip": c, "until": "2026-01-01", "rule": "6m", "needs": []} for c in clips]})


def roster() -> bytes:
    return documents.roster(
        [{"officer": "041007", "name": "王某", "unit": "一中队", "category": "执法人员", "valid_until": None}]
    )


def test_the_station_above_has_seen_every_kind_of_statement_that_writes_rows(lived):
    stated = {decode(entry, index).body.kind for index, entry in lived.log.entries()}
    writing = {kind for kind, body in say.KINDS.items() if rows_of.dispatch(body) is not rows_of.dispatch(say.Body)}
    assert len(writing) > 10
    assert writing <= stated


def test_what_later_versions_state_of_cards_and_clips_is_in_the_rows(lived):
    rows = tables(lived.store.path)
    assert sum("'reset'" in row for row in rows["clips"]) == 1
    assert any(lived.store.rows("dockings_of", recorder="Z3A0017")[0]["facts"] in row for row in rows["dockings"])


def test_a_later_duty_roster_of_a_units_day_takes_the_place_of_the_earlier_one(lived):
    assert [row["officer"] for row in lived.store.rows("duty_on", day="2026-11-16")] == ["041007"]


def test_every_table_that_follows_from_the_log_has_rows(lived):
    empty = {name for name, rows in tables(lived.store.path).items() if not rows}
    assert empty == {"unprojected"}


def test_the_log_replayed_into_an_empty_database_gives_the_same_rows(lived, tmp_path):
    assert replayed(lived, tmp_path / "again.db") == tables(lived.store.path)


def test_rebuild_keeps_the_old_database_and_makes_the_same_one_again(lived, root):
    before, size = tables(root / "avrecord.db"), lived.log.size
    lived.store.close()
    assert station.rebuild(root) == size
    assert tables(root / "avrecord.db") == before
    (old,) = root.glob("avrecord.db.*.old")
    assert tables(old) == before


def test_a_database_that_lags_behind_catches_up_when_the_station_is_opened(lived, root, tmp_path):
    lived.store.copy_to(tmp_path / "lagging.db")
    state(
        lived, [imported(lived, "041009"), say.ClipUnlinked(clip="00" * 32, case=STAGE.case, stage=STAGE.name, why="")], "041001"
    )
    lived.store.close()
    before = tables(root / "avrecord.db")
    assert tables(tmp_path / "lagging.db") != before
    (tmp_path / "lagging.db").replace(root / "avrecord.db")
    station.open_station(root, clock=lambda: NOW).store.close()
    assert tables(root / "avrecord.db") == before


def test_a_database_that_knows_more_than_the_log_is_refused(lived):
    with lived.store.writing() as run:
        run("add_statement", seq=lived.log.size, kind="x", at="", by_whom="")
    with pytest.raises(LogBroken, match="截断"):
        catch_up(lived)


def test_a_statement_whose_attachment_is_gone_is_indexed_as_such_and_stops_nothing_else(lived, tmp_path):
    rows = [decode(e, i).body for i, e in lived.log.entries() if decode(e, i).body.kind == "case.imported"]
    lived.attachments.path(rows[0].rows).unlink()
    again = replayed(lived, tmp_path / "again.db")
    assert len(again["unprojected"]) == 1
    assert again["clips"] == tables(lived.store.path)["clips"]


def test_a_statement_is_indexed_once(lived):
    (index, entry), *_ = lived.log.entries(lived.log.size - 1)
    before = tables(lived.store.path)
    with pytest.raises(DatabaseProblem), lived.store.writing() as run:
        project(run, decode(entry, index), lived.attachments.get)
    assert tables(lived.store.path) == before
    assert catch_up(lived) == 0


def test_an_index_that_another_version_made_is_set_aside_and_made_again(lived, root):
    before = tables(root / "avrecord.db")
    lived.store.close()
    with closing(sqlite3.connect(root / "avrecord.db")) as connection, connection:
        connection.execute("UPDATE schema_steps SET digest = 'another version'")
        connection.execute("DROP TABLE anchors")
    kit = station.open_station(root)
    kit.store.close()
    assert tables(root / "avrecord.db") == before
    assert len(list(root.glob("avrecord.db.*.old"))) == 1
