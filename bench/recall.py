"""Recall, precision and false alarms of the picture check on a rendered, labelled set (`bench/evidence`).

    python bench/recall.py [--quick] [--half fit|test]

Runs what the product runs, in both tiers, two clips at a time. The figures are those of the `test` half, to which
nothing was ever fitted; `fit` stands beside it. The documents are drawn: every rate is an upper bound. Each miss
is written to build/recall/ as a picture, with the lines that the reader read in it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from counting import per_hour, wilson
from evidence import HALVES, PROJECT
from evidence.axes import ANGLE, BLUR, COVER, SHOWN, SIZES, bin_of
from evidence.render import render
from looked import SEGMENT_OF, SLACK, TIERS, Looked, looked, verdict
from machine import describe, table

from avrecord.checks.reading import Reader
from avrecord.media.clipfile import ClipFile

OUT = PROJECT / "build"
COVERED = {name: (low, high + 0.02) for name, ((low, high), _) in COVER.items()} | {"0": (0.0, 0.01), "1-15": (0.01, 0.155)}
SECONDS = {name: bounds for name, (bounds, _) in SHOWN.items()}
EASY_LIGHT = ("day", "dusk")


@dataclass(frozen=True)
class Case:
    """One shown event with what became of it in each tier."""

    clip: Path
    truth: dict[str, Any]
    event: dict[str, Any]
    became: dict[str, str]

    @property
    def half(self) -> str:
        return self.clip.name.split("-")[0]

    @property
    def segment(self) -> str:
        return SEGMENT_OF[self.event["kind"]]

    def goal(self) -> bool:
        """The goal's own terms."""
        return self.event["seen_px"] >= 14 and self.event["occ"] <= 0.15 and self.event["seconds"] >= 2

    def mild(self) -> bool:
        """The goal's terms, and nothing else that is hard."""
        hard = self.truth["light"] not in EASY_LIGHT or self.event["angle"] == "30-45"
        return self.goal() and self.event["blur"] == "sharp" and not hard


Level = Callable[[Case], str]
AXES: dict[str, tuple[Level, Iterable[str]]] = {
    "characters, px": (lambda case: bin_of(case.event["seen_px"], SIZES), SIZES),
    "blur": (lambda case: case.event["blur"], BLUR),
    "covered, %": (lambda case: bin_of(case.event["occ"], COVERED), COVERED),
    "light": (lambda case: case.truth["light"], ("day", "dusk", "night", "backlit")),
    "angle, degrees": (lambda case: case.event["angle"], ANGLE),
    "shown, s": (lambda case: bin_of(case.event["seconds"], SECONDS), SECONDS),
    "key frames meanwhile": (lambda case: str(min(3, case.event["keys"])), ("0", "1", "2", "3")),
}


def examined(path: Path, tiers: tuple[str, ...]) -> list[Looked]:
    """One clip in each tier; in a process of the pool."""
    cv2.setNumThreads(1)
    return [looked(path, tier) for tier in tiers]


def cases_of(path: Path, truth: dict[str, Any], seen: list[Looked]) -> list[Case]:
    """The clip's events that should be found."""
    found = []
    for event in truth["events"]:
        if segment := SEGMENT_OF.get(event["kind"]):
            hits = {one.tier: bool(one.certain(segment, event["t0"], event["t1"])) for one in seen}
            found.append(Case(path, truth, event, {one.tier: verdict(one, segment, hits[one.tier]) for one in seen}))
    return found


def alarms_of(path: Path, truth: dict[str, Any], one: Looked) -> list[str]:
    """Certain finds where nothing like it was shown, with the words that fired."""
    shown = [(SEGMENT_OF[e["kind"]], e["t0"], e["t1"]) for e in truth["events"] if e["kind"] in SEGMENT_OF]
    right = [o for segment, first, last in shown for o in one.certain(segment, first, last)]
    what = ", ".join(e["type"] for e in truth["events"] if e["kind"] == "neg")
    return [f"{path.name} at {o.at_ms / 1000:.1f} s: {o.segment} “{o.words}” {what}" for o in one.sure if o not in right]


def share(cases: list[Case], tier: str) -> str:
    return wilson(sum(case.became[tier] == "found" for case in cases), len(cases))


def row(name: str, cases: list[Case]) -> list[str]:
    """Thorough per segment, fast for both, and what the thorough pass's misses were marked as."""
    parts = [share([case for case in cases if case.segment == segment], "thorough") for segment in SEGMENT_OF.values()]
    lost = Counter(case.became["thorough"] for case in cases)
    return [name, *parts, share(cases, "thorough"), share(cases, "fast"), *(str(lost[k]) for k in LOST)]


LOST = ("cannot_tell", "not_seen", "elsewhere")
HEAD = ["", *SEGMENT_OF.values(), "both, thorough", "both, fast", *LOST]


def report(half: str, cases: list[Case]) -> None:
    """All tables of one half."""
    inside = [case for case in cases if case.goal()]
    rows = [row("all", cases), row("GOAL: >=14 px, <=15 % covered, >=2 s", inside)]
    rows += [row("goal, sharp, day or dusk, < 30 degrees", [c for c in inside if c.mild()])]
    rows += [row("goal, something else hard", [c for c in inside if not c.mild()])]
    rows += [row("outside the goal", [c for c in cases if not c.goal()])]
    rows += [line for axis in AXES for line in levels_of(axis, cases)]
    designs = sorted({case.event["type"] for case in cases if case.event["kind"] == "cert"})
    rows += [row(f"design: {name}", [case for case in cases if case.event["type"] == name]) for name in designs]
    print(f"\n[{half}] found, with 95 % Wilson interval; the last three: what was missed is marked (thorough)")
    print(table(HEAD, rows))
    print(f"\n[{half}] within the goal:")
    print(table(HEAD, [line for axis in WITHIN for line in levels_of(axis, inside)]))


def levels_of(axis: str, cases: list[Case]) -> list[list[str]]:
    """One row for each level of an axis."""
    level, levels = AXES[axis]
    return [row(f"{axis}: {name}", [case for case in cases if level(case) == name]) for name in levels]


WITHIN = ("characters, px", "blur", "light", "angle, degrees", "key frames meanwhile")


def misses(cases: list[Case]) -> list[str]:
    """Write a picture of each miss of the thorough pass and say what was read in it."""
    folder, said = OUT / "recall", []
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        event, path = case.event, folder / f"{case.clip.stem}-{case.event['kind']}.png"
        path.unlink(missing_ok=True)
        if case.became["thorough"] == "found":
            continue
        hard = f"{event['seen_px']} px, {event['blur']}, {event['occ']:.0%} covered, {case.truth['light']}, "
        hard += f"{event['angle']}°, {event['seconds']} s"
        goal = "GOAL " if case.goal() else ""
        outcome = f"{case.became['thorough']}; read: {written(case, path)}"
        said.append(f"{goal}{path.relative_to(PROJECT)} {event['type']}: {hard} -> {outcome}")
    return said


def written(case: Case, path: Path) -> str:
    """The key frame nearest to the middle of the event, the phrase framed; returns the lines read in it."""
    middle = 500 * (case.event["t0"] + case.event["t1"])
    clip = ClipFile(case.clip)
    at = min((frame.at_ms for frame in clip.key_frames(every_ms=0)), key=lambda ms: abs(ms - middle))
    frame = next(iter(ClipFile(case.clip).key_frames(every_ms=0, only=frozenset({at})))).bgr()
    lines = " | ".join(line.words for line in Reader().read(frame))
    around = np.array(case.event["phrase"], np.int32)
    cv2.polylines(frame, [around + np.array([[-4, -4], [4, -4], [4, 4], [-4, 4]])], True, (0, 0, 255), 1)
    cv2.imwrite(str(path), frame)
    shown = case.event["t0"] * 1000 <= at <= case.event["t1"] * 1000
    return f"{'' if shown else '(no key frame while shown) '}{lines}"


@dataclass
class Tally:
    """All that was examined, by half."""

    cases: list[Case] = field(default_factory=list)
    alarms: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    doubts: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: Counter[tuple[str, str]] = field(default_factory=Counter)
    clips: Counter[tuple[str, str]] = field(default_factory=Counter)
    cpu_s: Counter[str] = field(default_factory=Counter)
    worth: dict[tuple[str, str, str], list[bool]] = field(default_factory=lambda: defaultdict(list))
    """Half, segment, certain or doubtful → for each find whether something of the kind was shown then."""

    def add(self, path: Path, truth: dict[str, Any], seen: list[Looked]) -> None:
        """One clip. Doubts are counted where nothing that counts is shown."""
        where = (path.name.split("-")[0], path.name.split("-")[1])
        self.cases += cases_of(path, truth, seen)
        self.alarms[where] += alarms_of(path, truth, seen[-1])
        self.doubts[where] += any(o.doubtful for o in seen[-1].examination.observations)
        self.seconds[where] += truth["seconds"]
        self.clips[where] += 1
        self.cpu_s.update({one.tier: one.cpu_s for one in seen})
        shown = [(SEGMENT_OF[e["kind"]], e["t0"] - SLACK, e["t1"] + SLACK) for e in truth["events"] if e["kind"] in SEGMENT_OF]
        for found in seen[-1].examination.observations:
            right = any(found.segment == what and first <= found.at_ms / 1000 <= last for what, first, last in shown)
            self.worth[where[0], found.segment, "doubtful" if found.doubtful else "certain"].append(right)

    def of(self, half: str) -> list[Case]:
        return [case for case in self.cases if case.half == half]


def precision(half: str, tally: Tally) -> list[str]:
    """Of all certain finds on events and distractors, those that were right."""
    parts, wrong = [], [alarm for kind in ("evidence", "foils") for alarm in tally.alarms[half, kind]]
    for segment in SEGMENT_OF.values():
        right = sum(case.segment == segment and case.became["thorough"] == "found" for case in tally.of(half))
        parts.append(wilson(right, right + sum(f": {segment} " in alarm for alarm in wrong)))
    return [half, *parts]


def tell_alarms(half: str, tally: Tally) -> None:
    """False alarms with the words that fired, and how often a person would be asked for nothing."""
    fired, total = tally.alarms, tally.clips[half, "foils"]
    wrong = len({alarm.split(" at ")[0] for alarm in fired[half, "foils"]})  # one distractor a clip
    print(f"\n[{half}] false alarms: distractors {wilson(wrong, total)}, ", end="")
    print(f"beside events {len(fired[half, 'evidence'])}; doubtful on distractors: {wilson(tally.doubts[half, 'foils'], total)}")
    for kind, name in (("plain", "real streets"), ("streets", "painted streets")):
        if seconds := tally.seconds[half, kind]:
            asked = f"doubtful in {tally.doubts[half, kind]} of {tally.clips[half, kind]} clips"
            print(f"  {name}: {per_hour(len(fired[half, kind]), seconds)}; {asked}")
    for kind in ("foils", "evidence", "plain", "streets"):
        print("".join(f"  {alarm}\n" for alarm in fired[half, kind]), end="")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="a few clips of the test half: the bench works")
    arguments.add_argument("--half", choices=HALVES, help="only this half")
    given = arguments.parse_args()
    halves = [given.half] if given.half else list(HALVES[::-1])
    clips = [pair for pair in render(OUT / "evidence", given.quick) if pair[0].name.split("-")[0] in halves]
    print(f"machine: {describe()}\nset: {len(clips)} clips, {clips[0][0].parent.name}")
    started, tally = time.perf_counter(), Tally()
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        tiers = [TIERS if "-evidence-" in path.name else TIERS[1:] for path, _ in clips]
        for (path, truth), seen in zip(clips, pool.map(examined, [path for path, _ in clips], tiers), strict=True):
            tally.add(path, truth, seen)
    halves = [half for half in halves if tally.of(half)]
    for half in halves:
        report(half, tally.of(half))
    print("\nprecision on events and distractors:")
    print(table(["", *SEGMENT_OF.values()], [precision(half, tally) for half in halves]))
    print("\nwhat a find is worth (config/measured.toml has those of the test half):")
    for (half, segment, kind), right in sorted(tally.worth.items()):
        print(f"  {half} {segment} {kind}: {sum(right)} of {len(right)}, {wilson(sum(right), len(right))}")
    for half in halves:
        tell_alarms(half, tally)
    for half in halves:
        lost = misses(tally.of(half))
        print(f"\n[{half}] missed by the thorough pass: {len(lost)}" + "".join(f"\n  {line}" for line in lost))
    spent = ", ".join(f"{tier} {seconds:.0f}" for tier, seconds in tally.cpu_s.items())
    print(f"\n{time.perf_counter() - started:.0f} s; CPU-s: {spent}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
