"""年底归档 made at the bureau from the copies in the store: what a station would have made; whole, or not closed."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord import station as stations
from avrecord.bureau.book import Chunk, Item
from avrecord.bureau.scope import Scope
from avrecord.errors import ArchiveDiskAway
from avrecord.pipeline.storing import clip_key
from cli.desk import EAST, WEST, Desk
from cli.keeper import BY, Station
from cli.keeper import station as station
from conftest import NOW
from stations.test_through_the_store import set_in

pytestmark = pytest.mark.timeout(300)


class House:
    """A station with five clips of the eastern unit, a bureau that took its log, and an archive disk there."""

    def __init__(self, station: Station, folder: Path, monkeypatch, capsys) -> None:
        station.at(NOW)
        self.station, self.share, self.to = station, folder / "share", folder / "归档盘"
        for path in (self.share, self.to):
            path.mkdir()
        stations.create(folder / "bureau", "bureau", "市局")
        self.bureau = Desk(folder / "bureau", monkeypatch, capsys)
        station.at(NOW)
        clip, vkey = ((self.bureau.root / "keys" / name).read_text("ascii").strip() for name in ("clip.pub", "witness.vkey"))
        for root in (self.bureau.root, station.root):
            set_in(root, "store", url=str(self.share))
        settings = self.bureau.root / "station.toml"
        settings.write_text(settings.read_text("utf-8").replace('to = ""', f'to = "{self.to}"'), "utf-8")
        set_in(station.root, "sync", bureau_key=clip, witness=vkey)
        trusted = self.bureau("log", "trust", (station.root / "keys" / "log.vkey").read_text("ascii").strip())
        assert trusted.code == 0, trusted.err
        self.turn()

    def turn(self) -> None:
        for said in (self.station("sync"), self.bureau("bureau", "run", "--once")):
            assert said.code == 0, said.err

    def archive(self, *words: str):
        return self.bureau("bureau", "archive", "--year", "2026", *BY, *words)

    def bag(self, unit: str = EAST) -> Path:
        return self.to / "station-01" / f"{unit}-2026"

    def copy(self, stamp: str) -> Path:
        """A clip as it lies in the store."""
        [found] = (self.share / "stations" / "station-01" / "vault").rglob(f"*{stamp}.mp4")
        return found


@pytest.fixture
def house(station, tmp_path, monkeypatch, capsys) -> House:
    return House(station, tmp_path, monkeypatch, capsys)


@given(
    st.one_of(st.none(), st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)),
    st.sampled_from(["", "2026-11-16T00:00:00.000000Z"]), st.booleans(),
    st.integers(2000, 2200), st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text), st.booleans(),
)  # fmt: skip
def test_a_scope_is_read_as_it_was_written(station, since, new, year, unit, gaps):
    for scope in (Scope(station, since, new), Scope(station, year=year, unit=unit, gaps=gaps)):
        assert Scope.parse(scope.text) == scope


def test_the_bag_is_what_the_station_would_have_made_and_others_verify_it(house, tmp_path):
    said = house.archive("--unit", EAST, "--json")
    assert said.code == 0, said.err
    assert said.json["totals"] == {"OK": 5}
    received = shutil.copytree(house.bag(), tmp_path / "收到")
    own = house.station("archive", "--year", "2026", "--to", tmp_path / "own", "--unit", EAST, "--json")
    theirs = Path(own.json["rows"][0]["folder"])
    for folder in ("data/clips", "index"):
        mine, others = ({p.relative_to(b): p for p in (b / folder).rglob("*") if p.is_file()} for b in (received, theirs))
        assert set(mine) == set(others)
        if folder == "data/clips":
            assert all(mine[name].read_bytes() == others[name].read_bytes() for name in mine)
    rows, others = (json.loads((bag / "index" / "platform.json").read_text("utf-8"))["rows"] for bag in (received, theirs))
    assert rows == others
    assert bagit.Bag(str(received)).validate()
    done = subprocess.run(["bash", received / "verify.sh"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip().split("\n")[-1]) == (0, "OK"), done.stdout + done.stderr
    keys = house.station.root / "keys"
    signers = tmp_path / "signers"
    signers.write_text(
        "".join((root / "keys" / "allowed_signers").read_text() for root in (house.station.root, house.bureau.root))
    )
    witness = (house.bureau.root / "keys" / "witness.vkey").read_text().strip()
    (tmp_path / "policy").write_text(f"log {(keys / 'log.vkey').read_text().strip()}\nwitness bureau {witness}\nquorum bureau\n")
    answer = house.station("verify", received, "--signers", signers, "--policy", tmp_path / "policy", "--json")
    assert (answer.code, answer.json["totals"]) == (0, {"OK": 5}), "witnessed by the bureau, so no OK_UNWITNESSED"


def test_the_bureaus_log_says_whose_clips_they_are_and_the_receipt_comes_back(house, tmp_path):
    assert house.archive("--unit", EAST).code == 0
    [row] = house.bureau("archive", "list", "--json").json["rows"]
    assert (row["unit"], row["station"], row["clips"]) == (EAST, "station-01", 5)
    assert "station-01" in house.bureau("archive", "list").out
    receipt = house.bag().with_name(f"{EAST}-2026-RECEIPT.txt")
    assert "采集站：station-01" in receipt.read_text("utf-8")
    assert "造包：市局（bureau）" in receipt.read_text("utf-8")
    explained = (house.bag() / "VERIFY.txt").read_text("utf-8")
    assert "采集站 station-01 封存，由市局 bureau 从对象存储中的副本造包" in explained
    assert "{{" not in explained
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "receipt@avrecord", receipt],
        check=True,
        capture_output=True,
    )
    said = house.bureau("archive", "receipt", receipt, "--key", tmp_path / "key.pub", *BY)
    assert said.code == 0, said.err
    again = house.archive("--unit", EAST)
    assert (again.code, "没有要归档的片段" in again.out) == (0, True)


def test_a_bag_that_lacks_a_clip_is_not_closed_until_it_comes_or_somebody_accepts_it(house):
    lost, altered = house.copy("120000"), house.copy("130000")
    lost.unlink()
    altered.chmod(0o600)
    altered.write_bytes(altered.read_bytes()[:-1] + b"!")
    said = house.archive("--unit", EAST, "--json")
    assert (said.code, said.json["totals"]) == (12, {"ALTERED": 1, "MISSING": 1, "OK": 3})
    assert not house.bag().exists()
    assert "没有封口" in said.err
    assert house.station("sync", "--again", "--json").json["kept_back"], "the altered one stays as it is, and is named"
    said = house.archive("--unit", EAST, "--json")
    assert (said.json["totals"], house.bag().exists()) == ({"ALTERED": 1, "OK": 4}, False)
    said = house.archive("--unit", EAST, "--with-gaps", "--json")
    assert (said.code, house.bag().exists()) == (11, True)
    rows = json.loads((house.bag() / "index" / "platform.json").read_text("utf-8"))["rows"]
    assert sorted(row["state"] for row in rows) == ["不在库中"] + ["在包内"] * 4
    receipt = house.bag().with_name(f"{EAST}-2026-RECEIPT.txt").read_text("utf-8")
    assert ("片段：4 个" in receipt, "应有而未放入：1 个" in receipt) == (True, True)


def test_what_a_killed_worker_left_and_what_is_not_this_years_any_more_does_not_stay(house):
    partial = house.to / "station-01" / f".{EAST}-2026.partial"
    clips = partial / "data" / "clips"
    clips.mkdir(parents=True)
    (clips / f".{'0' * 64}.elsewhere.1-2.part").write_bytes(b"half")
    (clips / "别人的.mp4").write_bytes(b"x")
    (partial / "data" / "statements").mkdir()
    said = house.archive("--unit", EAST)
    assert said.code == 0, said.err
    assert len([path for path in (house.bag() / "data" / "clips").rglob("*") if path.is_file()]) == 10
    assert not partial.exists()


def test_a_worker_that_lies_about_what_it_brought_closes_no_bag(house):
    """It has no keys; what it wrote is read again by who signs."""
    clips = house.to / "station-01" / f".{EAST}-2026.partial" / "data" / "clips"
    real = stations.open_station(house.bureau.root)
    from avrecord.bureau import archiving, duty, local
    from avrecord.pipeline.storing import trusted_objects

    name = duty.begin(trusted_objects(real), real, Scope(year=2026, unit=EAST), "SJ1", "archive")
    local.run_local(name, real)
    victim = next(clips.rglob("*120000.mp4"))
    victim.chmod(0o600)
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    assert archiving.close_archives(real, trusted_objects(real)) == []
    assert not house.bag().exists()
    victim.unlink()
    assert house.archive("--unit", EAST).code == 0
    assert house.bag().exists()


def test_a_disk_that_is_not_there_blames_no_clip(house):
    settings = house.bureau.root / "station.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace(str(house.to), str(house.to / "没有接上")), "utf-8")
    said = house.archive("--unit", EAST)
    assert (said.code, "归档盘" in said.err, "Traceback" in said.err) == (41, True, False)
    settings.write_text(text, "utf-8")
    assert house.archive("--unit", EAST).code == 0


def test_a_path_of_a_statement_leads_nowhere_else(house, tmp_path):
    """A station is not trusted with where its clips go on the bureau's disks."""
    from avrecord.bureau.archiving import bring_clip
    from avrecord.bureau.local import hand
    from avrecord.pipeline.storing import trusted_objects

    place = hand(house.bureau.root)
    (house.to / "station-01" / f".{EAST}-2026.partial").mkdir(parents=True)
    chunk = Chunk("c", 0, "station-01", "archive", "s", (), "", Scope(year=2026, unit=EAST).text)
    for stored in ("../../../outside.mp4", "/etc/outside.mp4", "a\0b"):
        found = bring_clip(trusted_objects(place), chunk, Item("0" * 64, 1, stored, 5), {}, place)
        assert found.finding == "UNREADABLE"
    with pytest.raises(ArchiveDiskAway):
        bring_clip(
            trusted_objects(place),
            Chunk("c", 0, "station-02", "archive", "s", (), "", chunk.scope),
            Item("0" * 64, 1, "a", 5),
            {},
            place,
        )


def test_every_unit_gets_its_bag_and_one_without_clips_none(house):
    said = house.archive()
    assert said.code == 0, said.err
    assert house.bag(EAST).exists()
    assert not house.bag(WEST).exists()
