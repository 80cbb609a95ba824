"""The pages over a bureau's year: time to the first byte and weight against the bare query, and what 50 people cost intake.

    python bench/pages.py [--clips 1000000] [--people 50] [--rounds 3]

First: each page by a real HTTP request over loopback, and the SQL that gives its rows, in the same run over the same rows.
Second: four cards are taken, in turn with nobody on the pages and with so many people, each of whom opens another page every
two seconds from a second process. The rows are written past the log, as in `bureau.py`: this is about reading.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import uvicorn
from bureau import fill
from machine import describe, forget, table

from avrecord import station
from avrecord.dock.volumes import docked
from avrecord.model.observation import Examination, Facts
from avrecord.pipeline.accounts import AccountFile
from avrecord.pipeline.desk import Desk
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.lists import adopt_checklist
from avrecord.rules.roles import Account
from avrecord.service.docks import Docks
from avrecord.service.slots import Slots
from avrecord.store import documents
from avrecord.store.sqlite import sqlite3
from avrecord.web.app import build

PASSWORD = "only for this bench, ever"
UNIT, MONTH = "第3大队", "2026-06"
EVERYBODY, HIS_UNIT = "boss", "unit"
CROWD_ROUNDS = 9  # of three, the medians of one machine differed by a quarter: 0.92 to 1.20
THINKS_S = 2.0
CARDS, FILES, SIZE = 4, 40, 4 << 20
VISITOR = """
import http.client, json, sys, threading, time
host, cookie, pages, people, thinks = json.loads(sys.argv[1])
served, failed, slow, stop = [0], [0], [], threading.Event()
def visit(n):
    stop.wait(thinks * n / people)
    while not stop.is_set():
        begun = time.perf_counter()
        try:
            line = http.client.HTTPConnection(host, timeout=60)
            line.request("GET", pages[(n + served[0]) % len(pages)], headers={"Cookie": cookie})
            answer = line.getresponse(); answer.read(); line.close()
            failed[0] += answer.status != 200
        except OSError:
            failed[0] += 1
        served[0] += 1
        slow.append(time.perf_counter() - begun)
        stop.wait(max(0.0, thinks - (time.perf_counter() - begun)))
threads = [threading.Thread(target=visit, args=(n,), daemon=True) for n in range(people)]
for each in threads: each.start()
sys.stdin.read()
stop.set()
slow.sort()
print(json.dumps([served[0], failed[0], slow[len(slow) // 2] if slow else 0, slow[int(len(slow) * .95)] if slow else 0]))
"""


@contextmanager
def serving(kit: Kit, slots: Slots) -> Iterator[str]:
    app = build(kit, lambda: {"slots": slots.rows(), "seconds_since_scan": 1.0})
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def log_in(host: str, name: str) -> str:
    line = http.client.HTTPConnection(host, timeout=30)
    form = urlencode({"name": name, "password": PASSWORD})
    line.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = line.getresponse()
    answer.read()
    return str(answer.getheader("set-cookie")).partition(";")[0]


def ask(host: str, cookie: str, path: str) -> tuple[float, int]:
    """Seconds to the first byte, and bytes."""
    line = http.client.HTTPConnection(host, timeout=600)
    begun = time.perf_counter()
    line.request("GET", path, headers={"Cookie": cookie})
    answer = line.getresponse()
    first = time.perf_counter() - begun
    content = answer.read()
    assert answer.status == 200, (path, answer.status, content[:300])
    line.close()
    return first, len(content)


def bare(kit: Kit, query: str, **values: object) -> float:
    begun = time.perf_counter()
    kit.store.rows(query, **values)
    return time.perf_counter() - begun


def pages(kit: Kit, host: str, rounds: int) -> None:
    """Each page against the query of its rows."""
    cookies = {name: log_in(host, name) for name in (EVERYBODY, HIS_UNIT)}
    clip = kit.store.rows("clips_page", **ASKED, limit=1)[0]
    looked_at(kit, clip["clip_id"])
    case = f"综执罚字〔2026〕{kit.store.row('totals')['cases'] // 2}号"
    recorder, whole = "Z00007", {"unit": "", "since": "", "until": ""}
    middle = {"after": "2026-06-15T00:00:00.000000Z", "after_id": "f" * 64}
    of_recorder = ASKED | {"recorder": recorder, "limit": 101}
    key = "~".join(middle.values())
    span = {"unit": UNIT, "since": "2026-05-31T16:00:00.000000Z", "until": "2026-06-30T16:00:00.000000Z"}
    stages = {"case_no": "", **span}
    asked = [
        ("clips, first page", EVERYBODY, "/clips", "clips_page", ASKED | {"limit": 101}),
        ("clips, mid-year", EVERYBODY, f"/clips?after={quote(key)}", "clips_page", ASKED | middle | {"limit": 101}),
        ("clips of a unit", HIS_UNIT, "/clips", "clips_page", ASKED | {"unit": UNIT, "limit": 101}),
        ("clips of a recorder", EVERYBODY, f"/clips?recorder={recorder}", "clips_page", of_recorder),
        ("one clip", EVERYBODY, f"/clip?clip={clip['clip_id']}", "one_clip", {"clip_id": clip["clip_id"]}),
        ("one case", EVERYBODY, f"/case?no={quote(case)}", "stages_where", whole | {"case_no": case}),
        ("cases of a unit's month", HIS_UNIT, f"/cases?month={MONTH}", "stages_where", stages),
        ("what a unit's month lacks", HIS_UNIT, "/missing?from=2026-06-01&to=2026-06-30", "stages_where", stages),
        ("overview of a unit", HIS_UNIT, "/home", "stages_where", stages),
    ]  # fmt: skip
    rows = []
    for name, who, path, query, values in asked:
        found = [ask(host, cookies[who], path) for _ in range(rounds)]
        plain = statistics.median(bare(kit, query, **values) for _ in range(rounds))
        first = statistics.median(seconds for seconds, _ in found)
        rows.append([name, f"{first * 1000:.0f}", f"{plain * 1000:.1f}", f"{first / plain:.1f}", f"{found[0][1] / 1024:.0f}"])
    print(table(["page", "first byte ms", "bare query ms", "×", "KiB"], rows))


def looked_at(kit: Kit, clip: str) -> None:
    """Give one clip the document of its examination, which rows alone do not have."""
    found = Examination(clip=clip, outcome="complete", reason=None, checks=("id_shown@3",), looked=("id_shown",), facts=Facts())
    digest = kit.attachments.put(documents.examination(found))
    with closing(sqlite3.connect(kit.store.path)) as connection, connection:
        connection.execute("UPDATE examinations SET digest = ? WHERE clip_id = ?", (digest, clip))


NAMES = ("case_no", "recorder", "officer", "unit", "place", "since", "state", "after_id")
ASKED = dict.fromkeys(NAMES, "") | {"until": "9999", "after": "9999"}


def intake(kit: Kit, cards: Path, slots: Slots) -> float:
    """Seconds in which the service's own threads take all cards."""
    forget(cards)
    ended, done = threading.Event(), []

    def taken(receipt: object) -> None:
        done.append(receipt)
        if len(done) == CARDS:
            ended.set()

    with Desk(kit) as desk:
        docks = Docks(kit, desk, slots, lambda event, error: print(event, error, file=sys.stderr), taken)
        begun = time.perf_counter()
        docks.notice(docked([cards]))
        assert ended.wait(600)
        took = time.perf_counter() - begun
        docks.end(5)
    return took


def crowd(people: int, rounds: int, work: Path) -> None:
    """Intake in turn without and with people on the pages."""
    rows, alone, together = [], [], []
    for turn in range(rounds * 2):
        root, cards, busy = work / "crowd", work / "cards", bool(turn % 2)
        make_station(root)
        for card in range(CARDS):
            videos = cards / f"slot{card}" / "VIDEO"
            videos.mkdir(parents=True)
            for n in range(FILES):
                (videos / f"DCAM_Z{card:06d}_041007_20261116_09{n // 60:02d}{n % 60:02d}.mp4").write_bytes(os.urandom(SIZE))
        kit, slots = station.open_station(root), Slots()
        with serving(kit, slots) as host:
            cookie, visitors = log_in(host, EVERYBODY), None
            if busy:
                given = json.dumps([host, cookie, ["/home", "/clips", "/cases", "/", "/queue"], people, THINKS_S])
                visitors = subprocess.Popen([sys.executable, "-c", VISITOR, given], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                time.sleep(THINKS_S * 1.5)
            took = intake(kit, cards, slots)
            (together if busy else alone).append(took)
            if visitors:
                told = json.loads(visitors.communicate()[0])
                rows.append([f"{took:.2f}", str(told[0]), str(told[1]), f"{told[2] * 1000:.0f}", f"{told[3] * 1000:.0f}"])
        kit.store.close()
        shutil.rmtree(root)
        shutil.rmtree(cards)
    ratio = statistics.median(together) / statistics.median(alone)
    cards = f"{CARDS} cards of {FILES} files of {SIZE >> 20} MiB"
    print(f"\n{cards}; {people} people, each a page every {THINKS_S:.0f} s")
    print(table(["with people s", "pages served", "page errors", "median ms", "95 % ms"], rows))
    alone_s = ", ".join(f"{each:.2f}" for each in alone)
    print(f"alone: {alone_s} s; with people {ratio:.2f} × as long (goal 1.1)")


def make_station(root: Path) -> None:
    station.create(root, "bench", "bench")
    text = (root / "station.toml").read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0")
    (root / "station.toml").write_text(text, "utf-8")
    accounts = AccountFile(root)
    accounts.set(Account(EVERYBODY, "FY1", "supervisor", ""), PASSWORD)
    accounts.set(Account(HIS_UNIT, "FY2", "supervisor", UNIT), PASSWORD)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--clips", type=int, default=1_000_000)
    arguments.add_argument("--people", type=int, default=50)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    print(f"machine: {describe()}")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        root = Path(name) / "year"
        make_station(root)
        kit = station.open_station(root)
        adopt_checklist(root / "config" / "checklists" / "default.toml", "041000", kit)
        fill(kit, given.clips)
        print(f"{given.clips} clips, {given.clips // 10} stages")
        with serving(kit, Slots()) as host:
            pages(kit, host, given.rounds)
        kit.store.close()
        shutil.rmtree(root)
        crowd(given.people, max(given.rounds, CROWD_ROUNDS), Path(name))


if __name__ == "__main__":
    main()
