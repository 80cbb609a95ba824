"""Stations, a bureau, workers, one object store and one database, all real, while each of them is killed.

Afterwards: every clip lies in the store once and whole, has one result and one receipt, and every station's index at the bureau
is the one that its log gives. A station that goes on from an old image stops by itself; one that is made to publish a second
past is frozen with both signed texts, and nobody else with it.
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
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from avrecord import station as stations
from avrecord.bureau.campaigns import book, progress
from avrecord.bureau.local import hand
from avrecord.dock.volumes import volume_at
from avrecord.model import statement as say
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.sending import send_log
from avrecord.pipeline.storing import trusted_objects
from avrecord.pipeline.witnessing import trust
from avrecord.store.postgres.store import PostgresStore
from avrecord.vault.objects import digest_of
from conftest import pattern
from contract import stores
from contract.servers import postgres_for
from fire.drill import FULL, tell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(50_000 if FULL else 600), pytest.mark.xdist_group("fire-bureau")]
STATIONS, WORKERS = (5, 3) if FULL else (2, 2)
CLIPS = 2000 if FULL else 60  # more than a chunk
IDS = [f"dock-{number}" for number in range(1, STATIONS + 1)]


class Town:
    """Everything that runs. Each station and the bureau are folders; commands and workers are processes."""

    def __init__(self, folder: Path, store: stores.Weed, server, stack: ExitStack) -> None:
        self.folder, self.store, self.server = folder, store, server
        self.database = server.make("town")
        self.environment = os.environ | {"AWS_ACCESS_KEY_ID": stores.KEY, "AWS_SECRET_ACCESS_KEY": stores.SECRET}
        self.workers: list[subprocess.Popen[bytes]] = []
        stack.callback(self.stop_workers)
        for name in (*IDS, "bureau"):
            stations.create(folder / name, name, name)
        keys = folder / "bureau" / "keys"
        clip, witness = ((keys / name).read_text("ascii").strip() for name in ("clip.pub", "witness.vkey"))
        for name in (*IDS, "bureau"):
            settings = folder / name / "station.toml"
            text = settings.read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0")
            text += f'\n[store]\nurl = "{store.url}"\n[sync]\nbureau_key = "{clip}"\nwitness = "{witness}"\n'
            text += f'[bureau]\ndatabase = "{self.database}"\nstalled_seconds = 3\n' if name == "bureau" else ""
            settings.write_text(text, "utf-8")

    def fill(self) -> None:
        """A card for each station, taken."""
        bureau = stations.open_station(self.folder / "bureau")
        for number, name in enumerate(IDS):
            card = self.folder / "cards" / name / "VIDEO"
            card.mkdir(parents=True)
            for at in range(CLIPS):
                clock = f"{at // 3600:02}{at // 60 % 60:02}{at % 60:02}"
                path = card / f"DCAM_Z3A00{number:02}_041007_20261116_{clock}.mp4"
                path.write_bytes(pattern(1500 + at, number * CLIPS + at + 1))
            with opened(self.folder / name) as kit:
                receive(volume_at(card.parent), kit)
                trust(bureau, kit.log_key.vkey)
            shutil.rmtree(card.parent)
        bureau.store.close()

    def say(self, name: str, *words: str, wait: float = 600) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "avrecord", "-q", "--root", str(self.folder / name), *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=wait)

    def begin(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "avrecord", "-q", "--root", str(self.folder / name), *words]
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def start_worker(self) -> None:
        self.workers.append(self.begin("bureau", "bureau", "worker"))

    def keep_working(self, stop: threading.Event) -> None:
        """What systemd does: whoever ends is started again."""
        while not stop.wait(0.3):
            dead = [each for each in self.workers if each.poll() is not None]
            for each in dead:
                self.workers.remove(each)
                self.start_worker()

    def stop_workers(self) -> None:
        for each in self.workers:
            each.kill()
            each.wait()

    def left(self) -> list[tuple[str, int, int]]:
        """Campaigns that are not done: name, done, of."""
        place = hand(self.folder / "bureau")
        with book(place) as found:
            stands = [progress(found, row["campaign"], place) for row in found.rows.rows("all_campaigns", count=1000)]
        return [(each.campaign, each.clips_done, each.clips) for each in stands if each.state != "done"]


@contextmanager
def opened(root: Path) -> Iterator[stations.Kit]:
    kit = stations.open_station(root)
    try:
        yield kit
    finally:
        kit.store.close()


@pytest.fixture
def town(tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", stores.KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stores.SECRET)
    with ExitStack() as stack:
        store = stack.enter_context(stores.seaweed(tmp_path / "weed"))
        server = stack.enter_context(postgres_for(tmp_path_factory))
        store.make_bucket()
        made = Town(tmp_path, store, server, stack)
        made.fill()
        yield made


def rounds(town: Town, names: Sequence[str], until_s: float = 300) -> None:
    """Stations send, the bureau takes, until nothing is left: as often as it needs, whatever fails on the way."""
    deadline = time.monotonic() + until_s * (CLIPS / 60 if FULL else 1)
    waiting = set(names)
    while waiting:
        assert time.monotonic() < deadline, waiting
        sending = {name: town.begin(name, "sync", "--json") for name in sorted(waiting)}
        for name, each in sending.items():
            each.wait(600)
            waiting -= {name} if each.returncode == 0 else set()
        town.say("bureau", "bureau", "run", "--once")


def drained(town: Town, until_s: float = 240) -> None:
    deadline = time.monotonic() + until_s * (CLIPS / 60 if FULL else 1)
    while left := town.left():
        assert time.monotonic() < deadline, left
        time.sleep(0.5)


def test_everything_arrives_once_whatever_is_killed(town, tmp_path, tell):
    image = tmp_path / "image"
    shutil.copytree(town.folder / IDS[0], image)
    stop = threading.Event()
    for _ in range(WORKERS):
        town.start_worker()
    keeper = threading.Thread(target=town.keep_working, args=(stop,))
    keeper.start()
    try:
        killed = _storm(town)
        drained(town)
        rounds(town, IDS)  # the receipts come home
        rounds(town, IDS)
        drained(town)
    finally:
        stop.set()
        keeper.join()
    counts = _account(town)
    assert (counts["lost"], counts["doubled"], counts["unreceipted"], counts["differs"]) == (0, 0, 0, 0), counts
    tell(f"bureau: {STATIONS} stations x {CLIPS} clips, {WORKERS} workers, killed {killed}: {counts}")
    _control(town)
    _old_image(town, image)


def _storm(town: Town) -> dict[str, int]:
    """Uploads and verification while the store, a station, a worker and the database are killed, and one station is cut off."""
    killed = dict.fromkeys(("store", "station", "worker", "database"), 0)
    cut_off, *others = IDS
    sending = [town.begin(name, "sync") for name in others]
    _until(lambda: _objects(town) > CLIPS // 2)
    town.store.stop(signal.SIGKILL)
    killed["store"] += 1
    time.sleep(1)
    sending[0].kill()
    killed["station"] += 1
    town.store.start()
    town.store.wait_until_it_answers()
    for each in sending:
        each.wait(600)
    rounds(town, others)
    _until(lambda: any(done for _, done, _ in town.left()) or not town.left())
    town.workers[0].kill()
    killed["worker"] += 1
    town.server.control("-m", "immediate", "stop")
    killed["database"] += 1
    time.sleep(1)
    town.server.control("-w", "start")
    with opened(town.folder / IDS[1]) as kit:  # its clock runs a day ahead for a while
        fast = stations.open_station(kit.root, clock=lambda: datetime.now(UTC) + timedelta(days=1))
        state(fast, [say.ServiceStarted(version="a day ahead")])
        fast.store.close()
        state(kit, [say.ServiceStarted(version="and back")])
    rounds(town, [*others, cut_off])
    return killed


def _objects(town: Town) -> int:
    return sum(1 for key, _ in trusted_objects(hand(town.folder / "bureau")).keys("stations/") if key.endswith(".mp4"))


def _until(condition, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def _account(town: Town) -> dict[str, int]:
    """Every clip of every station: in the store, in the results, in a receipt; every index against its log."""
    counts = dict.fromkeys(("clips", "lost", "doubled", "unreceipted", "differs", "clock_steps"), 0)
    with opened(town.folder / "bureau") as bureau:
        objects = trusted_objects(bureau)
        listed = [key for key, _ in objects.keys("stations/") if "/vault/" in key and not key.endswith(".sig")]
        counts["doubled"] += len(listed) - len({key.rpartition("/")[2] for key in listed})
        with book(bureau) as found:
            results = [row for each in found.rows.rows("all_campaigns", count=1000) for number in range(each["chunks"])
                       for row in found.rows.rows("results_of_chunk", campaign=each["campaign"], number=number)]  # fmt: skip
        sound = [row["clip_id"] for row in results if row["finding"] == "OK"]
        counts["doubled"] += len(sound) - len(set(sound))
        for name in IDS:
            with opened(town.folder / name) as kit:
                for row in kit.store.rows("clips_of_vault", after=-1, count=1_000_000):
                    counts["clips"] += 1
                    key = f"stations/{name}/vault/{row['stored']}"
                    counts["lost"] += digest_of(objects, key) != (row["clip_id"], row["size"]) or row["clip_id"] not in set(sound)
                    counts["unreceipted"] += not kit.store.row(
                        "is_copied", clip_id=row["clip_id"], key=_bureau_key(town), store=objects.name
                    )
                counts["clock_steps"] += len(kit.store.rows("clock_steps_since", seq=0))
                counts["differs"] += _index_differs(town, name, kit)
    return counts


def _bureau_key(town: Town) -> str:
    return " ".join((town.folder / "bureau" / "keys" / "clip.pub").read_text("ascii").split()[:2])


def _index_differs(town: Town, name: str, kit: stations.Kit) -> bool:
    """The bureau's rows of a station against those that its log gives, up to what the bureau has."""
    with closing(PostgresStore(town.database, name)) as there:
        size = there.row("projected")["size"]
        fields = "clip_id, seq, size, stored"
        rows = there.connection.execute(f"SELECT {fields} FROM clips ORDER BY seq".encode()).fetchall()
    here = list(kit.store._reader().query(f"SELECT {fields} FROM clips WHERE seq < {size} ORDER BY seq"))
    return rows != here or size == 0


def _control(town: Town) -> None:
    """The drill can fail: an object that is taken away behind everybody's back is missed."""
    with opened(town.folder / "bureau") as kit:
        objects = trusted_objects(kit)
        key = next(key for key, _ in objects.keys(f"stations/{IDS[1]}/vault/") if key.endswith(".mp4"))
        objects.remove(key)
    said = town.say("bureau", "bureau", "verify", "--all", "--station", IDS[1], "--json")
    assert said.returncode == 12, said.stderr
    assert json.loads(said.stdout)["totals"] == {"MISSING": 1, "OK": CLIPS - 1}


def _old_image(town: Town, image: Path) -> None:
    """A station restored from an image stops; made to publish all the same, it is frozen, and only it."""
    shutil.copytree(image, town.folder / "restored")
    said = town.say("restored", "sync")
    assert said.returncode == 13, said.stderr
    with opened(town.folder / "restored") as kit:
        size = 0
        with closing(PostgresStore(town.database, IDS[0])) as there:
            size = there.row("projected")["size"]
        state(kit, [say.ServiceStarted(version=f"another past {n}") for n in range(size)])
        objects = trusted_objects(kit)
        # Somebody with the station's key and another program: everything is written over.
        objects.put = lambda key, content: objects.replace(key, content) or True
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("avrecord.pipeline.sending.published_size", lambda *_: 0)  # ours refuses
            send_log(objects, kit, again=True)
    town.say("bureau", "bureau", "run", "--once")
    said = town.say("bureau", "bureau", "status", "--json")
    frozen = {row["station"]: row["frozen"] for row in json.loads(said.stdout)["rows"]}
    assert said.returncode == 13
    assert [name for name, why in frozen.items() if why] == [IDS[0]], frozen
    memory = town.folder / "bureau" / "bureau" / IDS[0]
    assert (memory / "frozen.seen").read_text("utf-8") != (memory / "frozen.found").read_text("utf-8")
    rounds(town, IDS[1:])
