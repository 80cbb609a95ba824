"""Retention at a station: what is due and why, holds, the list, objections; what is removed, and what is not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from avrecord.dock.volumes import volume_at
from avrecord.model.statement import ClipRemoved, ExpiryListed, ExpiryUndone
from avrecord.pipeline.account import account
from avrecord.pipeline.evidence import evidence_of
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.verify import read_now, verify, verify_evidence
from avrecord.station import heal
from avrecord.store import documents
from cli.desk import CASE
from cli.keeper import BY, EIGHT_DAYS, LATER, WHY, Station
from conftest import pattern
from ledger.ledger_files import case_row, case_table

OTHER = "综执罚字〔2026〕46号"
LIST = """name = "清单"
version = "{version}"
in_force_from = {day}
[[item]]
code = "1"
stage = "现场检查"
mode = "key"
segments = ["id_shown"]
retention = "{keep}"
"""


def adopt(station: Station, keep: str, version: str = "9", day: str = "2026-01-01", *more: str):
    path = station.root.parent / f"list-{version}.toml"
    path.write_text(LIST.format(version=version, keep=keep, day=day), "utf-8")
    return station("checklist", "adopt", path, *BY, *more), path


def test_what_is_due_names_its_rule_and_what_is_for_a_person_its_reason(station):
    answer = station("retention", "due", "--json").json
    rows = {row["name"][-10:-4]: row for row in answer["rows"]}
    assert answer["counts"]["due"] == 2
    assert (rows["120000"]["until"], rows["120000"]["ground"], rows["120000"]["retention"]) == ("2027-05-21", "unlinked", "6m")
    assert rows["140000"]["fate"] == "person"
    assert rows["140000"]["needs"] == ["damaged"]
    marked = next(row for name, row in rows.items() if "IMP" in row["name"])
    assert marked["needs"] == ["unexamined", "important"]
    assert not any("090000" in row["name"] for row in answer["rows"])  # as the case file: never by itself
    assert "什么都不会被移除" in station("retention", "due").out


def test_nothing_is_due_on_the_last_day_and_all_is_on_the_next(station):
    assert station.rows("retention", "due", "--before", "2027-05-21") == []
    assert len(station.rows("retention", "due", "--before", "2027-05-22")) == 4


def test_a_short_rule_ends_at_six_months_and_a_long_one_wins(station, tmp_path):
    assert adopt(station, "3m", "9", "2026-01-01", "--accept-shorter")[0].code == 0
    row = next(r for r in station.rows("retention", "due") if "090000" in r["name"])
    assert (row["until"], row["ground"]) == ("2027-05-21", "unlinked")  # no rule undercuts the six months
    assert adopt(station, "2y", "10")[0].code == 0
    assert not any("090000" in r["name"] for r in station.rows("retention", "due"))
    row = next(r for r in station.rows("retention", "due", "--before", "2028-12-01") if "090000" in r["name"])
    assert (row["until"], row["retention"], row["case"], row["item"]) == ("2028-11-21", "2y", CASE, "1")


def test_a_clip_of_a_short_rule_that_is_linked_to_a_second_case_is_kept_as_long_as_that(station, tmp_path):
    adopt(station, "6m", "9", "2026-01-01", "--accept-shorter")
    assert any("090000" in row["name"] for row in station.rows("retention", "due"))
    more = case_table(
        tmp_path / "more.xlsx", case_row(case=OTHER, stage="听证", start="2026-11-16 09:00", end="2026-11-16 09:05")
    )
    station("cases", "import", more, "--apply")
    station("cases", "link", OTHER, "听证", station.id("090000").id.hex, *BY)
    # a stage that the list in force does not know: nobody said how long, so it stays
    assert not any("090000" in row["name"] for row in station.rows("retention", "due"))


def test_a_list_that_shortens_is_refused_until_somebody_accepts_it_and_as_if_shows_it(station):
    refused, path = adopt(station, "1y")
    assert refused.code == 32
    assert "1 个片段会提前到期" in refused.err
    answer = station("retention", "due", "--as-if", path, "--before", "2028-01-01", "--json").json
    (row,) = answer["rows"]
    assert (row["until_now"], row["until"]) == (None, "2027-11-21")
    assert (answer["earlier"], answer["newly_due"]) == (1, 1)
    assert station("retention", "due", "--as-if", path, "--json").json["newly_due"] == 0
    assert adopt(station, "1y", "9", "2026-01-01", "--accept-shorter")[0].code == 0
    assert adopt(station, "1y", "10", "2026-01-01")[0].code == 0  # nothing ends sooner than by the one before


def test_a_list_of_days_to_come_reaches_nothing_that_has_been(station):
    assert adopt(station, "6m", "9", "2027-12-01")[0].code == 0


def test_settings_can_be_asked_about_before_they_are_changed(station, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("[retention]\nunlinked_months = 6\ncase_years = 1\n", "utf-8")
    assert [row["until"] for row in station.rows("retention", "due", "--as-if", path)] == ["2027-11-21"]
    path.write_text("[retention]\nunlinked_months = 3\n", "utf-8")
    said = station("retention", "due", "--as-if", path)
    assert (said.code, "unlinked_months" in said.err) == (32, True)
    path.write_text("x", "utf-8")
    assert station("retention", "due", "--as-if", path).code == 32


def test_while_expiry_is_off_nothing_is_listed_or_removed(station):
    for command in ("list", "expire"):
        said = station("retention", command, *BY)
        assert (said.code, "未启用" in said.err) == (30, True)


def test_listed_and_seven_days_later_removed_and_both_verify_and_account_say_so(station):
    station.enable()
    before = {path: path.read_bytes() for path in (station.root / "vault").rglob("*.mp4")}
    answer = station("retention", "list", *BY, "--json").json
    assert answer["count"] == 2
    assert station.fates()["120000"] == "waiting"
    assert station("retention", "list", *BY, "--json").json["count"] == 0
    station.at(LATER + timedelta(days=6))
    assert station("retention", "expire", *BY, "--json").json["removed"] == 0
    assert {path for path in before if path.exists()} == set(before)
    station.at(LATER + EIGHT_DAYS)
    done = station("retention", "expire", *BY, "--json").json
    assert (done["removed"], done["kept"]) == (2, 0)
    gone = {path.name[-10:-4] for path in before if not path.exists()}
    assert gone == {"120000", "130000"}
    assert not [path for path in (station.root / "vault").rglob("*.sig") if not path.with_suffix("").exists()]
    verified = station("verify", "--all", "--json")
    assert verified.code == 0
    assert verified.json["totals"]["REMOVED_BY_RULE"] == 2
    finding = next(row for row in verified.json["rows"] if row["code"] == "REMOVED_BY_RULE")
    assert "unlinked 6m" in finding["detail"]
    assert "按规则移除" in station("clips", "show", finding["expected"]).out
    accounted = station("account", "--json").json
    assert accounted["totals"]["removed"] == 2
    assert accounted["totals"]["missing"] == 0
    assert sum(accounted["totals"].values()) == accounted["seen"]
    assert set(station.fates().values()) == {"person"}


def test_an_objection_keeps_a_clip_thirty_days_and_it_has_to_be_listed_again(station):
    station.enable()
    station("retention", "list", *BY)
    clip = station.id("120000").id.hex
    assert "保管至 2027-07-09" in station("retention", "undo", clip[:12], *WHY).out
    assert station("retention", "undo", clip[:12], *WHY).code == 32  # on no list any more
    station.at(LATER + EIGHT_DAYS)
    assert station("retention", "expire", *BY, "--json").json["removed"] == 1
    assert station.id("120000").stored in {
        p.relative_to(station.root / "vault").as_posix() for p in (station.root / "vault").rglob("*")
    }
    station.at(LATER + timedelta(days=31))
    assert station.fates()["120000"] == "due"
    assert station("retention", "expire", *BY, "--json").json["removed"] == 0


@pytest.mark.parametrize("how", ["clip", "recorder", "day"])
def test_a_hold_that_is_set_after_the_list_keeps_what_it_covers_until_it_is_lifted(station, how):
    station.enable()
    station("retention", "list", *BY)
    clip = station.id("120000").id.hex
    about = {
        "clip": ("--clip", clip[:12]),
        "recorder": ("--recorder", "Z3A0017"),
        "day": ("--recorder", "Z3A0017", "--from", "2026-11-16", "--to", "2026-11-16"),
    }[how]
    said = station("retention", "hold", "set", *about, *WHY)
    number = said.out.split("编号 ")[1].split("。")[0]
    station.at(LATER + EIGHT_DAYS)
    done = station("retention", "expire", *BY, "--json").json
    assert clip not in [row["clip"] for row in done["rows"] if row["kept"] is None]
    assert {row["kept"] for row in done["rows"] if row["clip"] == clip} == {"held"}
    assert station("retention", "hold", "lift", number, *WHY).code == 0
    assert station("retention", "hold", "lift", number, *WHY).code == 32
    assert clip in [row["clip"] for row in station.rows("retention", "expire", *BY) if row["kept"] is None]
    (shown,) = station.rows("retention", "hold", "show")
    assert (shown["why"], shown["lifted_by"]) == ("专项检查", "FY041001")


def test_a_hold_on_a_case_keeps_its_clips(station):
    adopt(station, "6m", "9", "2026-01-01", "--accept-shorter")
    assert station("retention", "hold", "set", "--case", CASE, *WHY).code == 0
    row = next(row for row in station.rows("retention", "due") if "090000" in row["name"])
    assert row["fate"] == "held"
    assert station("retention", "hold", "set", "--case", "没有的案号", *WHY).code == 32
    assert (
        station("retention", "hold", "set", "--recorder", "没有的机号", *WHY).code == 32
    )  # a slip of the pen would hold nothing
    assert station("retention", "hold", "set", *WHY).code == 2


def test_a_person_may_name_a_damaged_clip_and_no_rule_does(station):
    station.enable()
    damaged = station.id("140000").id.hex
    station("retention", "list", *BY, "--clip", damaged[:12])
    station.at(LATER + EIGHT_DAYS)
    assert station("retention", "expire", *BY, "--json").json["removed"] == 3
    held = station.id("090000").id.hex
    said = station("retention", "list", *BY, "--clip", held[:12])
    assert (said.code, "不能列入" in said.err) == (32, True)


def test_a_clip_whose_bytes_changed_is_reported_and_stays(station):
    station.enable()
    station("retention", "list", *BY)
    path = station.root / "vault" / station.id("120000").stored
    path.chmod(0o640)
    content = bytearray(path.read_bytes())
    content[1500] ^= 1
    path.write_bytes(bytes(content))
    station.at(LATER + EIGHT_DAYS)
    said = station("retention", "expire", *BY, "--json")
    assert said.code == 11
    row = next(row for row in said.json["rows"] if row["kept"])
    assert (row["kept"], "ALTERED" in row["detail"]) == ("bytes", True)
    assert path.read_bytes() == bytes(content)
    assert station("verify", "--all", "--json").json["totals"]["ALTERED"] == 1


def test_a_rule_that_was_lengthened_after_the_list_keeps(station):
    station.enable()
    adopt(station, "6m", "9", "2026-01-01", "--accept-shorter")
    assert station("retention", "list", *BY, "--json").json["count"] == 3
    adopt(station, "permanent", "10", "2026-01-01")
    station.at(LATER + EIGHT_DAYS)
    done = station("retention", "expire", *BY, "--json").json
    assert {row["kept"] for row in done["rows"] if "090000" in row["name"]} == {"never"}


def test_bytes_deleted_behind_the_systems_back_are_missing_and_not_removed_by_rule(station):
    station.enable()
    station("retention", "list", *BY)
    (station.root / "vault" / station.id("120000").stored).unlink()
    station.at(LATER + EIGHT_DAYS)
    said = station("retention", "expire", *BY, "--json")
    assert said.code == 11
    assert [row["kept"] for row in said.json["rows"] if "120000" in row["name"]] == ["gone"]
    assert station("verify", "--all", "--json").json["totals"]["MISSING"] == 1


def test_a_removal_without_a_list_seven_days_before_it_is_missing(station):
    """Somebody with the keys may state a removal; without the list and the days it excuses nothing."""
    kit = station.kit()
    (clip,) = [clip for clip in kit.records.clips() if "120000" in clip.name]
    body = ClipRemoved(clip=clip.id.hex, place="vault", docking="", path_raw=clip.stored, rule="mine", listed=1, due="2026-01-01")
    state(kit, [body], "FY1")
    kit.vault.remove(clip.stored)
    found = [finding for finding in verify(kit).findings if finding.about == clip.stored]
    assert [(each.code, "不成立" in each.detail) for each in found] == [("MISSING", True)]
    kit.store.close()


@pytest.mark.parametrize(
    ("named", "days", "undone", "code"),
    [
        (True, 7, False, "REMOVED_BY_RULE"),
        (True, 6, False, "MISSING"),
        (False, 8, False, "MISSING"),
        (True, 8, True, "MISSING"),
    ],
)
def test_a_removal_is_by_rule_only_after_a_list_that_named_the_clip_seven_days_and_no_objection(
    station, named, days, undone, code
):
    clip = station.id("120000")
    kit = station.kit()
    row = {"clip": clip.id.hex if named else "0" * 64, "until": "2026-01-01", "rule": "6m", "needs": []}
    listed = kit.attachments.put(documents.write("expiry", {"clips": [row]}))
    [said] = state(kit, [ExpiryListed(listed=listed, clips=1, bytes=1)], "FY1")
    if undone:
        state(kit, [ExpiryUndone(clip=clip.id.hex, until="2030-01-01", why=kit.attachments.put(b"why"))], "FY1")
    kit.store.close()
    station.at(LATER + timedelta(days=days))
    kit = station.kit()
    body = {"place": "vault", "docking": "", "path_raw": clip.stored, "rule": "mine", "due": "2026-01-01"}
    state(kit, [ClipRemoved(clip=clip.id.hex, listed=said.seq, **body)], "FY1")
    kit.vault.remove(clip.stored)
    assert [each.code for each in verify(kit).findings if each.about == clip.stored] == [code]
    kit.store.close()


def test_a_card_that_still_holds_a_removed_clip_is_not_taken_again_but_other_bytes_are(station, dcam):
    station.enable()
    station("retention", "list", *BY)
    station.at(LATER + EIGHT_DAYS)
    station("retention", "expire", *BY)
    card = station.root.parent / "cards" / "slot1"
    kit = station.kit()
    receipt = receive(volume_at(card), kit)
    assert (receipt.sealed, receipt.again, receipt.unchanged) == (0, 0, 5)
    copy = dcam({"VIDEO/DCAM_Z3A0017_041007_20261116_999999.mp4": pattern(3000, 1)}, name="slot9")
    assert receive(volume_at(copy), kit).again == 1  # brought again on purpose, under another name: it is in the vault again
    assert account(kit).totals[0][0] == "sealed"
    totals = verify(kit).totals
    assert totals["REMOVED_BY_RULE"] == 1
    assert "MISSING" not in totals
    heal(kit)
    assert verify(kit).totals == totals
    kit.store.close()


def test_a_removal_while_the_vault_is_being_read_is_no_missing_clip(station):
    station.enable()
    station("retention", "list", *BY)
    station.at(LATER + EIGHT_DAYS)
    kit = station.kit()
    done, one_at_a_time = [], threading.Lock()

    def digest(stored, path):
        with one_at_a_time:  # clips are read by several threads
            if not done:
                done.append(station("retention", "expire", *BY, "--json").json["removed"])
        return read_now(stored, path)

    totals = verify_evidence(evidence_of(kit), digest=digest).totals
    assert done == [2]
    assert totals["REMOVED_BY_RULE"] + totals["OK_UNWITNESSED"] == 5
    assert set(totals) <= {"REMOVED_BY_RULE", "OK_UNWITNESSED", "NO_EXTERNAL_REFERENCE"}
    kit.store.close()


KILL = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from avrecord import station
from avrecord.pipeline import expiry
from avrecord.vault.folder import FolderVault
root, at, where = sys.argv[1:]
kit = station.open_station(Path(root), clock=lambda: datetime.fromisoformat(at))
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
if where == "before_statement": expiry.state = die
if where == "after_statement": FolderVault.remove = die
if where == "between_files":
    real = Path.unlink
    def once(self, **how):
        real(self, **how)
        if self.suffix == ".mp4": die()
    Path.unlink = once
if where == "before_intent_goes":
    real = FolderVault.remove
    left = [2]
    def last(self, stored):
        real(self, stored)
        left[0] -= 1
        if not left[0]: die()
    FolderVault.remove = last
expiry.expire("FY041001", kit)
"""


@pytest.mark.parametrize("where", ["before_statement", "after_statement", "between_files", "before_intent_goes"])
def test_killed_at_each_point_the_next_run_finishes_what_was_stated_and_only_that(station, where):
    station.enable()
    station("retention", "list", *BY)
    station.at(LATER + EIGHT_DAYS)
    command = [sys.executable, "-c", KILL, str(station.root), station.now.isoformat(), where]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    kit = station.kit()
    first = verify(kit).totals
    assert set(first) <= {"OK_UNWITNESSED", "REMOVED_BY_RULE", "NO_EXTERNAL_REFERENCE"}
    stated = len(kit.store.rows("statements_of_kind", kind="clip.removed", since=0))
    assert stated == (0 if where == "before_statement" else 2)
    heal(kit)
    left = {path.name[-10:-4] for path in (station.root / "vault").rglob("*.mp4")}
    assert ("120000" in left) is ("130000" in left) is (where == "before_statement")
    assert verify(kit).totals.get("REMOVED_BY_RULE", 0) == stated
    assert not list((station.root / "incoming").glob("*.expiring"))
    kit.store.close()
    assert station("retention", "expire", *BY, "--json").json["removed"] == 2 - stated
    assert station("verify", "--all", "--json").json["totals"]["REMOVED_BY_RULE"] == 2


def test_a_forged_intent_removes_nothing(station):
    clip = station.id("120000")
    forged = station.root / "incoming" / f"{clip.id.hex}.1-1.expiring"
    forged.write_text(json.dumps([[clip.id.hex, clip.stored], ["zz", "../../x"], 5]), "utf-8")
    kit = station.kit()
    heal(kit)
    assert kit.vault.path(clip.stored).exists()
    assert not forged.exists()
    kit.store.close()


def test_evidence_frames_stay_and_the_answer_says_so(station):
    station.enable()
    station("retention", "list", *BY)
    frame = station.root / "attachments"
    before = {path for path in frame.rglob("*") if path.is_file()}
    station.at(LATER + EIGHT_DAYS)
    assert "不随片段移除" in station("retention", "expire", *BY).out
    assert before <= {path for path in frame.rglob("*") if path.is_file()}


def test_a_disk_that_runs_short_says_what_could_go_and_lets_nothing_go(station, monkeypatch):
    before = station.kit().records.clips()
    assert "可腾出" not in station("status").out
    monkeypatch.setattr("avrecord.cli.station.days_left_text", lambda left, days: (False, "可用 1.0 GB，约可用 3 天"))
    said = station("status").out.replace("\n", "")
    assert "保管期满的片段 2 个" in said
    assert "retention due" in said
    assert station.kit().records.clips() == before
