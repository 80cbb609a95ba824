"""The whole way over a shared folder: a station sends, the bureau proves, cosigns, reads back, signs; the station states it."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from avrecord import station as stations
from avrecord.model import statement as say
from avrecord.pipeline.record import state
from avrecord.pipeline.sending import send_log
from avrecord.pipeline.storing import trusted_objects
from cli.desk import Desk
from conftest import NOW, pattern

pytestmark = pytest.mark.timeout(300)


class House:
    """A bureau and a station that meet in a folder; each command as a person types it."""

    def __init__(self, folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr("avrecord.station.open_station", partial(stations.open_station, clock=lambda: NOW))
        self.share = folder / "share"
        self.share.mkdir()
        stations.create(folder / "bureau", "bureau", "市局")
        self.bureau, self.station = Desk(folder / "bureau", monkeypatch, capsys), Desk(root, monkeypatch, capsys)
        (vkey, clip) = ((self.bureau.root / "keys" / name).read_text("ascii").strip() for name in ("witness.vkey", "clip.pub"))
        set_in(self.bureau.root, "store", url=str(self.share))
        set_in(root, "store", url=str(self.share))
        set_in(root, "sync", bureau_key=clip, witness=vkey)
        trusted = self.bureau("log", "trust", (root / "keys" / "log.vkey").read_text("ascii").strip())
        assert trusted.code == 0, trusted.err

    def sync(self, *words: object) -> dict[str, object]:
        said = self.station("sync", "--json", *words)
        assert said.code == 0, said.err + said.out
        [row] = said.json["rows"]
        return row

    def turn(self) -> None:
        said = self.bureau("bureau", "run", "--once")
        assert said.code == 0, said.err


def set_in(root: Path, table: str, **values: object) -> None:
    """Settings as somebody writes them."""
    lines = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())
    path = root / "station.toml"
    path.write_text(f"{path.read_text('utf-8')}\n[{table}]\n{lines}", "utf-8")


@pytest.fixture
def house(kit, root, dcam, dock, tmp_path, monkeypatch, capsys) -> House:
    dock(dcam({"VIDEO/090000.mp4": pattern(3000), "VIDEO/091000.mp4": pattern(90_000, 2), "LOG/a.log": b""}))
    kit.store.close()
    return House(tmp_path, root, monkeypatch, capsys)


def test_what_a_station_sent_comes_back_cosigned_and_receipted(house, kit):
    first = house.sync()
    assert (first["clips"], first["left"], first["cosigned"]) == (3, 0, 0)
    house.turn()
    second = house.sync()
    assert second["received"] == 3
    assert second["cosigned"] > 0
    again = house.sync()
    assert (again["clips"], again["cosigned"], again["received"]) == (0, 0, 0), "nothing is said twice"
    size = stations.open_station(kit.root).log.size
    house.turn()
    house.sync()
    house.turn()
    house.sync()
    assert stations.open_station(kit.root).log.size == size, "answers that only answer answers are not stated"
    [row] = house.bureau("bureau", "status", "--json").json["rows"]
    assert row["seen"] == row["indexed"] == size


def test_the_store_can_be_read_and_checked_without_this_program(house, kit):
    house.sync()
    house.turn()
    below = house.share / "stations" / "station-01"
    clips = [path for path in (below / "vault").rglob("*") if path.is_file() and path.suffix != ".sig"]
    assert len(clips) == 3
    signers = kit.root / "keys" / "allowed_signers"
    for clip in clips:
        words = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "station-01", "-n", "clip@avrecord", "-s", f"{clip}.sig"]
        with clip.open("rb") as content:
            subprocess.run(list(map(str, words)), stdin=content, check=True, capture_output=True)
    [receipt] = (house.share / "bureau" / "station-01" / "receipts").glob("*.txt")
    done = subprocess.run(["sha256sum", "-c", "--quiet", receipt], cwd=below, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    key = (house.bureau.root / "keys" / "clip.pub").read_text("ascii").split()
    allowed = receipt.parent / "allowed"
    allowed.write_text(f'bureau namespaces="receipt@avrecord" {" ".join(key[:2])}\n', "ascii")
    words = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "bureau", "-n", "receipt@avrecord", "-s", f"{receipt}.sig"]
    with receipt.open("rb") as content:
        subprocess.run(list(map(str, words)), stdin=content, check=True, capture_output=True)


def test_an_altered_and_a_lost_object_get_no_receipt_and_are_named(house):
    house.sync()
    below = house.share / "stations" / "station-01" / "vault"
    clips = sorted(path for path in below.rglob("*.mp4"))
    clips[0].chmod(0o600)
    content = bytearray(clips[0].read_bytes())
    content[1500] ^= 1
    clips[0].write_bytes(content)
    clips[1].unlink()
    house.turn()
    [row] = house.bureau("bureau", "campaigns", "--json").json["rows"]
    assert (row["clips"], row["clips_done"], row["bad"], row["state"]) == (3, 3, 2, "done")
    said = house.bureau("bureau", "campaigns", row["campaign"], "--json")
    assert {each["finding"] for each in said.json["rows"]} == {"ALTERED", "MISSING"}
    assert said.code == 12
    assert house.sync()["received"] == 1
    # The station still has the lost one, and sends it again; the altered one is named and left.
    said = house.station("sync", "--again", "--json")
    assert (said.code, clips[1].is_file(), len(said.json["kept_back"])) == (11, True, 1)
    said = house.bureau("bureau", "verify", "--all", "--json")
    assert said.out, said.err
    assert said.json["totals"] == {"ALTERED": 1, "OK": 2}


def test_a_clip_that_was_altered_on_the_station_never_reaches_the_store(house, kit):
    [clip] = list(kit.vault.root.rglob("*090000.mp4"))
    clip.chmod(0o600)
    clip.write_bytes(pattern(3000, 9))
    said = house.station("sync", "--json")
    assert (said.code, said.json["rows"][0]["clips"], len(said.json["kept_back"])) == (11, 2, 1)
    assert not list((house.share / "stations").rglob("*090000.mp4"))


def test_a_station_restored_from_an_image_stops_and_changes_nothing_in_the_store(house, kit, tmp_path, monkeypatch, capsys):
    image = tmp_path / "image"
    shutil.copytree(kit.root, image)
    house.sync()
    house.turn()
    house.sync()
    before = {path: path.read_bytes() for path in house.share.rglob("*") if path.is_file()}
    restored = Desk(image, monkeypatch, capsys)
    said = restored("sync")
    assert (said.code, "截断" in said.err, "Traceback" in said.err) == (13, True, False), said.err
    other = stations.open_station(image)
    state(other, [say.ServiceStarted(version=f"{n}") for n in range(30)])
    other.store.close()
    said = restored("sync")
    assert (said.code, "另一个过去" in said.err) == (13, True), said.err
    assert {path: path.read_bytes() for path in house.share.rglob("*") if path.is_file()} == before


def test_a_station_whose_disk_died_is_made_again_from_the_store(house, kit, tmp_path):
    """With its keys from their backup it goes on with the same log; what was in the store is what was sealed."""
    house.sync()
    house.turn()
    house.sync()
    house.turn()
    size = stations.open_station(kit.root).log.size
    again = tmp_path / "again"
    said = house.bureau("bureau", "fetch", "station-01", again)
    assert (said.code, f"日志 {size} 条" in said.out, "片段 3 个" in said.out) == (0, True, True), said.err
    assert house.bureau("bureau", "fetch", "station-01", again).code == 0, "run again it changes nothing"
    shutil.copytree(kit.root / "keys", again / "keys")
    shutil.rmtree(kit.root)
    restored = house.station
    again.rename(restored.root)
    for folder in ("config", "devices"):
        shutil.copytree(house.bureau.root / folder, restored.root / folder)
    assert restored("rebuild").code == 0
    found = restored("verify", "--all", "--json")
    assert found.code == 0, found.out + found.err
    assert house.sync()["clips"] == 0, "the log says what was sent"
    other = stations.open_station(restored.root)
    state(other, [say.ServiceStarted(version="after the fire")])
    other.store.close()
    house.sync()
    house.turn()
    [row] = house.bureau("bureau", "status", "--json").json["rows"]
    assert (row["frozen"], row["seen"] > size) == ("", True), "the same past goes on"
    assert house.bureau("bureau", "fetch", "station-01", restored.root).code == 32, "never over a station"


def test_what_the_store_has_otherwise_is_not_fetched_and_is_named(house, kit, tmp_path):
    house.sync()
    below = house.share / "stations" / "station-01" / "vault"
    [clip] = list(below.rglob("*090000.mp4"))
    clip.chmod(0o600)
    clip.write_bytes(pattern(3000, 8))
    said = house.bureau("bureau", "fetch", "station-01", tmp_path / "again")
    assert (said.code, "与封存时不符" in said.err) == (12, True)
    assert not list((tmp_path / "again").rglob("*090000.mp4"))
    assert not list((tmp_path / "again").rglob("*.part"))


def test_a_bureau_whose_disk_died_knows_from_the_store_what_it_saw(house, kit, tmp_path, monkeypatch, capsys):
    """Keys and settings from their backup, nothing else: the index comes from the logs, the memory from its own cosignature."""
    image = tmp_path / "image"
    shutil.copytree(kit.root, image)
    house.sync()
    house.turn()
    before = house.bureau("bureau", "status", "--json").json["rows"]
    kept = tmp_path / "kept"
    shutil.copytree(house.bureau.root, kept, ignore=shutil.ignore_patterns("bureau", "witness"))
    shutil.rmtree(house.bureau.root)
    kept.rename(house.bureau.root)
    assert house.bureau("bureau", "status", "--json").json["rows"][0]["seen"] == 0
    # Before it takes anything, somebody with the station's key publishes another past, longer than the one that was seen.
    other = stations.open_station(image)
    state(other, [say.ServiceStarted(version=f"{n}") for n in range(30)])
    objects = trusted_objects(other)
    monkeypatch.setattr(objects, "put", lambda key, content: objects.replace(key, content) or True)
    store = {path: path.read_bytes() for path in house.share.rglob("*") if path.is_file()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avrecord.pipeline.sending.published_size", lambda *_: 0)  # ours refuses
        send_log(objects, other, again=True)
    house.turn()
    [row] = house.bureau("bureau", "status", "--json").json["rows"]
    assert (row["state"], row["seen"]) == ("frozen", before[0]["seen"])
    other.store.close()
    for path in house.share.rglob("*"):
        if path.is_file() and path not in store:
            path.unlink()
    for path, content in store.items():
        path.chmod(0o600)
        path.write_bytes(content)
    assert house.bureau("bureau", "lift", "station-01", "--by", "SJ1").code == 0
    house.turn()
    assert house.bureau("bureau", "status", "--json").json["rows"][0]["indexed"] == before[0]["indexed"]
