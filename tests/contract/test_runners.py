"""One contract for both runners: every clip of a campaign has one result, whoever did it, whatever was killed meanwhile.

The queue is a real PostgreSQL, its workers are processes of their own, and what kills them is SIGKILL.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import bagit
import pytest

from avrecord import station as stations
from avrecord.bureau import asking, duty
from avrecord.bureau.archiving import close_archives
from avrecord.bureau.book import AT_ONCE
from avrecord.bureau.campaigns import book, leave_receipts, open_campaign, progress
from avrecord.bureau.chunk import POISONED
from avrecord.bureau.local import hand, run_local
from avrecord.bureau.rounds import take_from_store
from avrecord.bureau.scope import Scope
from avrecord.dock.volumes import volume_at
from avrecord.errors import StoreProblem
from avrecord.model.statement import DeviceRegistered
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.storing import trusted_objects
from avrecord.pipeline.sync import Line, sync
from avrecord.pipeline.witnessing import trust
from conftest import pattern
from contract.servers import postgres_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("runners")]
CLIPS = 2 * AT_ONCE + 20
POISON_BYTES = 40 << 30  # sparse: longer to read than anybody waits, and nothing on the disk


DEVICE = DeviceRegistered(
    recorder="Z3A0017", model="DSJ", unit="东湖大队", bought_on=None, warranty_until=None, service_life_months=None,
    in_service=True, price_fen=None,
)  # fmt: skip


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> Path:
    """A share with the clips of one station, and a bureau that took its log; copied for each test."""
    folder = tmp_path_factory.mktemp("sent")
    (folder / "share").mkdir()
    stations.create(folder / "station", "station-01", "站")
    stations.create(folder / "bureau", "bureau", "市局")
    for name in ("station", "bureau"):
        settings = folder / name / "station.toml"
        text = settings.read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0")
        settings.write_text(f'{text}\n[store]\nurl = "../share"\n', "utf-8")
    for at in range(CLIPS):
        card = folder / "card" / "VIDEO" / f"DCAM_Z3A0017_041007_20261116_{at // 3600:02}{at // 60 % 60:02}{at % 60:02}.mp4"
        card.parent.mkdir(parents=True, exist_ok=True)
        card.write_bytes(pattern(2000 + at, at + 1))
    kit = stations.open_station(folder / "station")
    receive(volume_at(folder / "card"), kit)
    state(kit, [DEVICE])
    assert sync(trusted_objects(kit), kit, Line(kit)).clips == CLIPS
    bureau = stations.open_station(folder / "bureau")
    trust(bureau, kit.log_key.vkey)
    kit.store.close()
    bureau.store.close()
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with postgres_for(tmp_path_factory) as made:
        yield made


@pytest.fixture(params=["local", "queue"])
def runner(request, sent, tmp_path, server):
    return World(request.param, sent, tmp_path, server)


class World:
    """A bureau with a campaign in it, and one of the two ways to do it."""

    def __init__(self, how: str, sent: Path, folder: Path, server) -> None:
        self.how, self.server = how, server
        # A disk's name stands in the log as the store's: it is moved, and the copy is what is left for the next test.
        for name in ("share", "bureau"):
            shutil.copytree(sent / name, folder / name)
        self.share = sent / "share"
        self.settings = folder / "bureau" / "station.toml"
        text = self.settings.read_text("utf-8").replace("../share", str(self.share))
        self.database = f"b{abs(hash(str(folder)))}"
        if how != "local":
            text += f'\n[bureau]\ndatabase = "{server.make(self.database)}"\nstalled_seconds = 2\n'
        self.settings.write_text(text, "utf-8")
        self.kit = stations.open_station(folder / "bureau")
        take_from_store(trusted_objects(self.kit), "station-01", self.kit)

    def begin(self) -> str:
        name = duty.begin(trusted_objects(self.kit), self.kit, Scope(), "SJ1")
        assert name
        return name

    def do(self, campaign: str) -> None:
        """Until nothing waits. What dies is started again, as systemd does."""
        if self.how == "local":
            run_local(campaign, self.kit, workers=2)
            return
        until = time.monotonic() + 200
        while self.stand(campaign).state == "running":
            assert time.monotonic() < until, self.stand(campaign)
            with self.worker() as one:
                while one.poll() is None and self.stand(campaign).state == "running":
                    time.sleep(0.1)

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "avrecord", "--root", str(self.kit.root), "bureau", "worker"]
        with (self.kit.root / "worker.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def stand(self, campaign: str):
        with book(self.kit) as found:
            return progress(found, campaign, self.kit)

    def results(self, campaign: str) -> list[tuple[str, str]]:
        with book(self.kit) as found:
            rows = [
                each for number in range(100) for each in found.rows.rows("results_of_chunk", campaign=campaign, number=number)
            ]
        return [(each["clip_id"], each["finding"]) for each in rows]

    def counted(self, campaign: str) -> Counter[str]:
        found = self.results(campaign)
        assert len({clip for clip, _ in found}) == len(found) == CLIPS
        return Counter(finding for _, finding in found)


@contextmanager
def changed(path: Path, content: bytes | None) -> Iterator[None]:
    """An object as somebody changed it behind the store's back, and as it was afterwards."""
    before, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o600)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(before)
        path.chmod(mode)


def clips_of(share: Path) -> list[Path]:
    return sorted(path for path in share.rglob("*.mp4"))


def test_every_clip_has_one_result_and_what_is_wrong_is_named(runner):
    clips = clips_of(runner.share)
    altered = bytearray(clips[3].read_bytes())
    altered[-1] ^= 1
    seal = Path(f"{clips[9]}.sig")
    other = Path(f"{clips[10]}.sig").read_bytes()
    with changed(clips[3], bytes(altered)), changed(clips[70], None), changed(seal, other):
        campaign = runner.begin()
        runner.do(campaign)
    assert runner.counted(campaign) == {"OK": CLIPS - 3, "ALTERED": 1, "MISSING": 1, "BAD_SIGNATURE": 1}
    stand = runner.stand(campaign)
    assert (stand.state, stand.clips_done, stand.bad, stand.left) == ("done", CLIPS, 3, None)
    objects = trusted_objects(runner.kit)
    assert (leave_receipts(runner.kit, objects), leave_receipts(runner.kit, objects)) == (CLIPS - 3, 0)


def test_a_paused_campaign_stops_and_goes_on_where_it_was(runner):
    campaign = runner.begin()
    with book(runner.kit) as found:
        found.set_state(campaign, "paused")
    if runner.how == "local":
        run_local(campaign, runner.kit)
    else:
        subprocess.run(
            [sys.executable, "-m", "avrecord", "--root", runner.kit.root, "bureau", "worker", "--until-idle"],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    assert (runner.results(campaign), runner.stand(campaign).state) == ([], "paused")
    duty.resume(runner.kit, campaign)
    runner.do(campaign)
    assert runner.counted(campaign) == {"OK": CLIPS}


def test_a_cancelled_campaign_stays_cancelled(runner):
    campaign = runner.begin()
    with book(runner.kit) as found:
        found.set_state(campaign, "cancelled")
        found.set_state(campaign, "running")
    run_local(campaign, runner.kit)
    assert (runner.results(campaign), runner.stand(campaign).state) == ([], "cancelled")


def test_a_clip_that_kills_its_worker_three_times_becomes_a_finding_and_the_rest_is_done(runner):
    """An object that is never read to its end; each time that a worker has it in hand, the worker is killed."""
    poison = clips_of(runner.share)[60]
    killed: list[int] = []
    with changed(poison, b""), pytest.MonkeyPatch.context() as patch:
        os.truncate(poison, POISON_BYTES)
        patch.setattr(asking, "items", _huge(asking.items, poison.name))  # a log that claims such a size
        campaign = runner.begin()
        [clip] = [each for each in _items(runner, campaign) if each[2].endswith(poison.name)]
        stop = threading.Event()
        hunter = threading.Thread(target=_kill_who_holds, args=(runner, campaign, clip[0], killed, stop))
        hunter.start()
        try:
            runner.do(campaign)
        finally:
            stop.set()
            hunter.join()
    assert runner.counted(campaign) == {"OK": CLIPS - 1, "UNREADABLE": 1}
    with book(runner.kit) as found:
        [bad] = found.rows.rows("bad_results", campaign=campaign, count=5)
    assert (bad["clip_id"], bad["detail"]) == (clip[0], POISONED)
    assert len(killed) >= 3, "one that was killed before it took the clip in hand is not counted"


def test_a_store_that_is_away_accuses_no_clip(runner):
    campaign = runner.begin()
    away = runner.share.with_name("away")
    runner.share.rename(away)
    try:
        if runner.how == "local":
            with pytest.raises(StoreProblem):
                run_local(campaign, runner.kit)
        else:
            with runner.worker():
                time.sleep(6)
        assert runner.results(campaign) == []
    finally:
        away.rename(runner.share)
    if runner.how == "queue":
        duty.resume(runner.kit, campaign)  # or wait 20 s
    runner.do(campaign)
    assert runner.counted(campaign) == {"OK": CLIPS}


@pytest.mark.parametrize("first", ["local", "queue"])
def test_either_goes_on_with_what_the_other_left(first, sent, tmp_path, server):
    world = World("queue", sent, tmp_path, server)
    campaign = world.begin()
    with book(world.kit) as found:
        some = found.waiting(campaign)[:1]
    if first == "local":
        from avrecord.bureau.local import do_chunk

        do_chunk(str(world.kit.root), campaign, some[0])
        assert world.stand(campaign).clips_done == AT_ONCE
        world.do(campaign)
    else:
        with world.worker():
            until = time.monotonic() + 60
            while world.stand(campaign).clips_done == 0:
                assert time.monotonic() < until
                time.sleep(0.02)
        run_local(campaign, world.kit, workers=2)
    assert world.counted(campaign) == {"OK": CLIPS}


def test_a_campaign_is_there_with_its_tasks_or_not_at_all(sent, tmp_path, server):
    from avrecord.bureau.queue import prepare, with_tasks

    world = World("queue", sent, tmp_path, server)
    address = world.kit.settings.bureau.database
    prepare(address)
    prepare(address)

    def fails(rows, campaign, chunks):
        with_tasks(address)(rows, campaign, chunks)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        open_campaign(world.kit, trusted_objects(world.kit).name, Scope(), "SJ1", fails)
    import psycopg

    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM procrastinate.procrastinate_jobs").fetchone() == (0,)
    assert duty.latest(world.kit) == []
    world.begin()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM procrastinate.procrastinate_jobs").fetchone() == (3,)


def test_the_database_killed_in_the_middle_loses_and_doubles_nothing(sent, tmp_path, server):
    world = World("queue", sent, tmp_path, server)
    campaign = world.begin()
    with world.worker() as one:
        until = time.monotonic() + 60
        while world.stand(campaign).clips_done < 5:
            assert time.monotonic() < until
            time.sleep(0.02)
        server.control("-m", "immediate", "stop")
        one.kill()  # it would wait for the database to come back
    server.control("-w", "start")
    world.kit.store.close()
    world.do(campaign)
    assert world.counted(campaign) == {"OK": CLIPS}


def _huge(items, name: str):
    def with_one(*words):
        found, last = items(*words)
        return [replace(each, size=POISON_BYTES) if each.stored.endswith(name) else each for each in found], last

    return with_one


def _items(world: World, campaign: str) -> list[list]:
    with book(world.kit) as found:
        rows = [found.rows.row("one_chunk", campaign=campaign, number=number) for number in found.waiting(campaign)]
    return [item for row in rows for item in json.loads(row["items"])]


def _kill_who_holds(world: World, campaign: str, clip: str, killed: list[int], stop: threading.Event) -> None:
    place = hand(world.kit.root)
    with book(place) as found:
        while not stop.wait(0.05):
            rows = [found.rows.row("one_chunk", campaign=campaign, number=number) for number in range(3)]
            for row in rows:
                if row["in_hand"] == clip and row["worker"] and row["state"] == "waiting":
                    pid = int(row["worker"].rpartition(" ")[2].partition("-")[0])
                    if pid not in killed and Path(f"/proc/{pid}").exists():
                        killed.append(pid)
                        os.kill(pid, signal.SIGKILL)


def test_a_years_bag_is_whole_though_who_filled_it_was_killed_in_the_middle(runner, tmp_path):
    to = tmp_path / "archive"
    to.mkdir()
    text = runner.settings.read_text("utf-8")
    runner.settings.write_text(text.replace('\nto = ""', f'\nto = "{to}"'), "utf-8")
    runner.kit.store.close()
    runner.kit = stations.open_station(runner.kit.root)
    objects = trusted_objects(runner.kit)
    name = duty.begin(objects, runner.kit, Scope(year=2026, unit="东湖大队"), "SJ1", "archive")
    command = ["resume", name] if runner.how == "local" else ["worker"]
    with (tmp_path / "killed.log").open("wb") as log:
        words = [sys.executable, "-m", "avrecord", "-q", "--root", str(runner.kit.root), "bureau", *command]
        victim = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
    until = time.monotonic() + 60
    while runner.stand(name).clips_done < 5:
        assert time.monotonic() < until, (tmp_path / "killed.log").read_text("utf-8")
        time.sleep(0.01)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    assert close_archives(runner.kit, objects) == [], "it is not whole"
    runner.do(name)
    [made] = close_archives(runner.kit, objects)
    assert (made.clips, made.wrong) == (CLIPS, ())
    assert bagit.Bag(str(made.folder)).validate()
    assert not [path for path in made.folder.rglob("*") if path.name.endswith(".part")]
    assert close_archives(runner.kit, objects) == []
