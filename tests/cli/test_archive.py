"""Year's end: a bag for each unit that others can verify, an index that others can read, a receipt that comes back signed."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import bagit
import openpyxl
import pytest

from avrecord.dock.volumes import volume_at
from avrecord.pipeline.receive import receive
from cli.desk import CASE, EAST, WEST, examined
from cli.keeper import BY, EIGHT_DAYS, LATER, Station
from conftest import NOW, pattern

FORMULA = "=cmd|' -C calc'!A0.mp4"


@pytest.fixture
def to(tmp_path) -> Path:
    return tmp_path / "年底归档"


@pytest.fixture
def made(station, to) -> Path:
    """The eastern unit's bag of 2026."""
    station.at(NOW)
    said = station("archive", "--year", "2026", "--to", to, "--unit", EAST, "--json")
    assert said.code == 0, said.err
    return Path(said.json["rows"][0]["folder"])


def verified(station: Station, bag: Path):
    """What somebody finds who has only the bag and the keys that the bureau published."""
    kit = station.kit()
    policy = bag.parent / "policy"
    policy.write_text(f"log {kit.log_key.vkey}\nquorum none\n", "utf-8")
    kit.store.close()
    signers = station.root / "keys" / "allowed_signers"
    return station("verify", bag, "--signers", signers, "--policy", policy, "--json")


def index(bag: Path) -> list[dict]:
    return json.loads((bag / "index" / "platform.json").read_text("utf-8"))["rows"]


def stored(bag: Path) -> set[str]:
    return {path.relative_to(bag).as_posix() for path in (bag / "data" / "clips").rglob("*.mp4")}


def test_a_bag_on_another_folder_verifies_by_our_program_by_its_own_script_and_by_bagit(station, made, tmp_path):
    received = shutil.copytree(made, tmp_path / "received" / "收到")
    answer = verified(station, received)
    assert answer.code == 0
    assert answer.json["totals"] == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 5}
    keys = station.root / "keys"
    done = subprocess.run(
        ["bash", received / "verify.sh", keys / "allowed_signers", keys / "log.vkey"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "OK"), done.stdout + done.stderr
    assert bagit.Bag(str(received)).validate()


def test_the_index_has_a_row_for_each_clip_and_no_other_in_all_three_forms(station, made):
    rows = index(made)
    assert {row["path"] for row in rows} == stored(made)
    assert len(rows) == 5
    assert all((made / row["seal"]).is_file() for row in rows)
    linked = [row for row in rows if row["linked"] == "关联本单位环节"]
    assert [(row["case_no"], row["zybj"], row["retention"]) for row in linked] == [(CASE, 2, "同案卷")]
    (marked,) = [row for row in rows if "IMP" in row["wjmc"]]
    assert (marked["zybj"], marked["mtlx"], marked["mtlx_name"], marked["wjgs"]) == (3, 1, "录像", "mp4")
    assert {row["yhbh"] for row in rows} == {"FY1"}
    assert {row["bmbh"] for row in rows} == {EAST}
    with (made / "index" / "platform.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.reader(file))
    assert table[0][:3] == ["文件编号 wjbh", "文件名称 wjmc", "单位 bmbh"]
    assert [row[0] for row in table[1:]] == [row["wjbh"] for row in rows]
    page = openpyxl.load_workbook(made / "index" / "platform.xlsx").active
    cells = [[cell.value for cell in row] for row in page.iter_rows(min_row=3, max_row=2 + len(rows))]
    assert [row[0] for row in cells] == [row["wjbh"] for row in rows]
    assert [row[11] for row in cells] == [row["wjdx"] for row in rows]


def test_an_altered_clip_and_a_removed_file_are_named_exactly(station, made):
    rows = {row["wjmc"][-10:-4]: row["path"] for row in index(made)}
    path = made / rows["120000"]
    content = bytearray(path.read_bytes())
    content[7] ^= 1
    path.chmod(0o640)
    path.write_bytes(bytes(content))
    (made / rows["130000"]).unlink()
    (made / "data" / "clips" / "多出.mp4").write_bytes(b"x")
    (made / "index" / "platform.csv").write_text("", "utf-8")
    answer = verified(station, made)
    assert answer.code == 11
    found = {
        (row["code"], row["about"].removeprefix("data/clips/")) for row in answer.json["rows"] if not row["code"].startswith("OK")
    }
    assert ("ALTERED", rows["120000"].removeprefix("data/clips/")) in found
    assert ("MISSING", rows["130000"].removeprefix("data/clips/")) in found
    assert ("EXTRA", "多出.mp4") in found
    assert ("ALTERED", "index/platform.csv") in found
    accused = {about for _, about in found}
    assert not any(stamp in about for about in accused for stamp in ("090000", "140000", "150000"))


def test_a_name_that_looks_like_a_formula_is_text_in_every_form(station, to, dcam):
    station.at(NOW)
    kit = station.kit()
    card = dcam({"VIDEO/160000.mp4": pattern(700, 77)}, name="evil")
    (card / "VIDEO" / FORMULA).write_bytes(pattern(600, 78))
    receive(volume_at(card), kit)
    kit.store.close()
    bag = Path(station.rows("archive", "--year", "2026", "--to", to, "--unit", EAST)[0]["folder"])
    assert [row["wjmc"] for row in index(bag) if row["wjmc"].startswith("=")] == [FORMULA]
    with (bag / "index" / "platform.csv").open(encoding="utf-8-sig", newline="") as file:
        assert f"'{FORMULA}" in [row[1] for row in csv.reader(file)]
    page = openpyxl.load_workbook(bag / "index" / "platform.xlsx").active
    (cell,) = [cell for row in page.iter_rows() for cell in row if cell.value == FORMULA]
    assert cell.data_type == "s"


def test_a_unit_without_clips_is_said_and_so_is_what_no_unit_has(station, to, dcam):
    kit = station.kit()
    receive(volume_at(dcam({"VIDEO/170000.mp4": pattern(700, 79)}, serial="Z3A0099", name="stranger")), kit)
    kit.store.close()
    station.at(NOW)
    answer = station("archive", "--year", "2026", "--to", to, "--json").json
    assert {row["unit"]: row["result"] for row in answer["rows"]} == {EAST: "已写入", WEST: "没有片段"}
    assert answer["outside_clips"] == 1
    said = station("archive", "--year", "2026", "--to", to)
    assert f"{WEST}：2026 年没有片段，未造包" in said.out
    assert "不在任何包里" in said.out
    assert "早已写入" in said.out
    assert station("archive", "--year", "2025", "--to", to, "--unit", EAST, "--json").json["rows"][0]["result"] == "没有片段"
    assert station("archive", "--year", "2026", "--to", to, "--unit", "没有的大队").code == 32
    assert station("archive", "--year", "26", "--to", to).code == 2
    assert station("archive").code == 2


def test_clips_that_a_rule_removed_are_said_so_in_the_bag_and_in_its_index(station, to):
    station.enable()
    station("retention", "list", *BY)
    station.at(LATER + EIGHT_DAYS)
    assert station("retention", "expire", *BY, "--json").json["removed"] == 2
    said = station("archive", "--year", "2026", "--to", to, "--unit", EAST, "--json")
    assert (said.code, said.json["clips"]) == (0, 3)
    bag = Path(said.json["rows"][0]["folder"])
    assert sorted(row["state"] for row in index(bag)) == ["在包内"] * 3 + ["已按规则移除"] * 2
    answer = verified(station, bag)
    assert (answer.code, answer.json["totals"]["REMOVED_BY_RULE"]) == (0, 2)


def test_a_clip_that_the_vault_altered_goes_in_as_it_is_and_is_said(station, to):
    clip = station.id("120000")
    path = station.root / "vault" / clip.stored
    path.chmod(0o640)
    path.write_bytes(pattern(3000, 1234))
    said = station("archive", "--year", "2026", "--to", to, "--unit", EAST, "--json")
    assert (said.code, said.json["rows"][0]["wrong"]) == (11, [clip.id.hex])
    assert verified(station, Path(said.json["rows"][0]["folder"])).json["totals"]["ALTERED"] == 1


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(station, to, monkeypatch):
    monkeypatch.setattr("avrecord.pipeline.archive.BESIDE", 1 << 50)
    said = station("archive", "--year", "2026", "--to", to, "--unit", EAST)
    assert (said.code, "空间不足" in said.err) == (21, True)
    assert list(to.iterdir()) == []


def test_a_bag_is_not_put_among_the_stations_own_folders_nor_over_somebody_elses(station, to):
    assert station("archive", "--year", "2026", "--to", station.root / "vault", "--unit", EAST).code == 32
    (to / f"{EAST}-2026").mkdir(parents=True)
    (to / f"{EAST}-2026" / "别人的.txt").write_text("x", "utf-8")
    said = station("archive", "--year", "2026", "--to", to, "--unit", EAST)
    assert (said.code, "不是这里造的" in said.err) == (32, True)


KILL = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from avrecord import station
from avrecord.pipeline import archive, yearbag
root, at, to, unit, where = sys.argv[1:]
kit = station.open_station(Path(root), clock=lambda: datetime.fromisoformat(at))
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if where == "copying":
    real = Path.rename
    left = [3]
    def third(self, target):
        left[0] -= self.name.endswith(".copying")
        if not left[0]: die()
        return real(self, target)
    Path.rename = third
if where == "index": yearbag.write_index = die
if where == "manifest": yearbag.sign_bag = die
if where == "name": yearbag.durable.rename_new = die
if where == "statement": yearbag.state = die
if where == "receipt":
    real = archive.durable.replace_with
    archive.durable.replace_with = lambda path, *rest, **how: die() if "RECEIPT" in path.name else real(path, *rest, **how)
archive.make_archive(unit, yearbag.Year(2026), Path(to), "FY041001", kit)
"""


@pytest.mark.parametrize("where", ["copying", "index", "manifest", "name", "statement", "receipt"])
def test_killed_at_each_point_a_second_run_goes_on_and_the_bag_is_whole(station, to, where):
    station.at(NOW)
    command = [sys.executable, "-c", KILL, str(station.root), NOW.isoformat(), str(to), EAST, where]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    noted = to / f".{EAST}-2026.partial.copied"
    before = noted.read_text("utf-8") if noted.exists() else ""
    assert bool(before) is (where in ("copying", "index", "manifest", "name"))
    said = station("archive", "--year", "2026", "--to", to, "--unit", EAST, "--json")
    assert said.code == 0, said.err
    bag = Path(said.json["rows"][0]["folder"])
    assert len(stored(bag)) == 5
    assert sorted(path.name for path in to.iterdir()) == [f"{EAST}-2026", f"{EAST}-2026-RECEIPT.txt"]
    assert verified(station, bag).json["totals"] == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 5}
    assert len(station.rows("archive", "list")) == 1


def test_a_second_run_copies_only_the_rest_and_drops_what_does_not_belong_there(station, to, monkeypatch):
    station.at(NOW)
    command = [sys.executable, "-c", KILL, str(station.root), NOW.isoformat(), str(to), EAST, "index"]
    subprocess.run(command, capture_output=True, check=False)
    stray = to / f".{EAST}-2026.partial" / "data" / "clips" / "stray.mp4"
    stray.write_bytes(b"x")
    kit = station.kit()
    examined(kit, "090000.mp4", 600)  # the log goes on between the runs
    kit.store.close()
    copied = []
    monkeypatch.setattr("avrecord.pipeline.archive._copy", lambda clip, *_: copied.append(clip) or clip.id.hex)
    bag = Path(station.rows("archive", "--year", "2026", "--to", to, "--unit", EAST)[0]["folder"])
    assert copied == []
    assert not (bag / "data" / "clips" / "stray.mp4").exists()
    assert verified(station, bag).code == 0


@pytest.fixture
def receipt(made) -> Path:
    return made.with_name(f"{made.name}-RECEIPT.txt")


def minisign_key(folder: Path) -> tuple[Path, Path]:
    secret, public = folder / "r.key", folder / "r.pub"
    subprocess.run(["minisign", "-GWf", "-s", secret, "-p", public], check=True, capture_output=True)
    return secret, public


def signed(receipt: Path, how: str, folder: Path) -> Path:
    """Sign as RECEIPT.txt says; return the public key."""
    if how == "minisign":
        secret, public = minisign_key(folder)
        subprocess.run(["minisign", "-S", "-s", secret, "-m", receipt], check=True, capture_output=True)
        return public
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "id"], check=True)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", folder / "id", "-n", "receipt@avrecord", receipt]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "id.pub"


@pytest.mark.parametrize("how", ["minisign", "ssh-keygen"])
def test_a_receipt_that_the_real_tool_signed_is_stated_once(station, receipt, how, tmp_path):
    if shutil.which(how) is None:
        pytest.skip(f"!!! {how} is not installed: no receipt signed by the real tool !!!")
    assert f"单位：{EAST}" in receipt.read_text("utf-8")
    public = signed(receipt, how, tmp_path)
    said = station("archive", "receipt", receipt, "--key", public, *BY)
    assert (said.code, "已登记回执" in said.out) == (0, True), said.err
    assert "未重复记录" in station("archive", "receipt", receipt, "--key", public, *BY).out
    (row,) = station.rows("archive", "list")
    assert (row["unit"], row["received_by"], row["clips"]) == (EAST, "FY041001", 5)
    assert station("verify", "--all", "--json").code == 0


def test_receipts_for_another_bag_changed_ones_and_those_of_another_key_are_refused(station, receipt, tmp_path):
    if shutil.which("ssh-keygen") is None:
        pytest.skip("!!! ssh-keygen is not installed: receipts of another key are NOT TESTED !!!")
    other = tmp_path / "other-RECEIPT.txt"
    other.write_text(receipt.read_text("utf-8").replace("片段：5 个", "片段：4 个"), "utf-8")
    public = signed(other, "ssh-keygen", tmp_path)
    said = station("archive", "receipt", other, "--key", public, *BY)
    assert (said.code, "不是本站开出的归档回执" in said.err) == (32, True)
    said = station("archive", "receipt", receipt, "--key", public, *BY)
    assert (said.code, "签名文件不在" in said.err) == (32, True)
    shutil.copy(f"{other}.sig", f"{receipt}.sig")
    said = station("archive", "receipt", receipt, "--key", public, *BY)
    assert (said.code, "签名不符" in said.err) == (32, True)
    second = tmp_path / "second"
    second.mkdir()
    Path(f"{receipt}.sig").unlink()
    signed(receipt, "ssh-keygen", second)
    said = station("archive", "receipt", receipt, "--key", public, *BY)
    assert (said.code, "签名不符" in said.err) == (32, True)
    Path(f"{receipt}.sig").unlink()
    wrong = ["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "id", "-n", "clip@avrecord", receipt]
    subprocess.run(wrong, check=True, capture_output=True)
    assert station("archive", "receipt", receipt, "--key", public, *BY).code == 32
    (tmp_path / "nonsense").write_text("不是公钥", "utf-8")
    Path(f"{receipt}.minisig").write_text("x", "utf-8")
    said = station("archive", "receipt", receipt, "--key", tmp_path / "nonsense", *BY)
    assert (said.code, "不是 minisign 或 OpenSSH" in said.err) == (32, True)
    assert [row["received_at"] for row in station.rows("archive", "list")] == [None]


def test_a_year_is_the_local_one_and_a_clip_whose_clock_was_reset_is_of_the_year_in_which_it_came(station, to, dcam):
    kit = station.kit()
    files = {"VIDEO/DCAM_Z3A0017_041007_20000101_000012.mp4": pattern(500, 5)}
    files |= {"VIDEO/DCAM_Z3A0017_041007_20260101_003000.mp4": pattern(500, 6)}  # still 2025 in UTC
    files |= {"VIDEO/DCAM_Z3A0017_041007_20251231_233000.mp4": pattern(500, 7)}
    receive(volume_at(dcam(files, name="years")), kit)
    kit.store.close()
    station.at(NOW + timedelta(days=1))
    bag = Path(station.rows("archive", "--year", "2026", "--to", to, "--unit", EAST)[0]["folder"])
    times = {row["wjmc"][-19:-4]: row["pssj"] for row in index(bag)}
    assert times["20260101_003000"] == "2026-01-01 00:30:00"
    assert "20251231_233000" not in times
