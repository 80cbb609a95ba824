"""Spoken segments: hits and false alarms per noise level, and what hearing costs.

    python bench/speech.py [--clips FOLDER] [--model build/speech-model] [--levels clean 20 10 5 0]

FOLDER holds sentences with labels.tsv (file, segments, text), by default ../shared/footage/speech. Noise is
made here: coloured noise that swells like traffic, and babble of other clips played backwards. Natural
speech of one synthetic family and studio readings: every rate printed here is an upper bound for a street.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import time
import tomllib
from collections import defaultdict
from pathlib import Path

import numpy as np
from counting import wilson
from machine import describe, table

from avrecord.checks.hearing.engines import load
from avrecord.checks.hearing.recogniser import Recogniser
from avrecord.checks.hearing.voice import utterances
from avrecord.checks.spoken import Listener, Utterance, rules_of
from avrecord.media.sound import RATE
from avrecord.media.windows import PER_MS, SoundFile
from avrecord.station import shipped

PROJECT = Path(__file__).resolve().parents[1]
SEGMENTS = tomllib.loads((shipped("config") / "segments.toml").read_text("utf-8"))
SHOWN = ("id_shown", "notice_given", "rights_notice", "recording_notice", "standard_wording", "forbidden_wording")
LABELLED = ("id_shown", "notice_given", "recording_notice")
RIGHTS = ("陈述", "申辩", "复议", "诉讼")  # the labels have no rights notice of their own: the text decides
BABBLERS = 6
QUIET_S = 0.7
NOISES, NOISE_S = 20, 10


def sentences(folder: Path) -> list[tuple[str, set[str], np.ndarray]]:
    """Name, the segments that the sentence is, its sound."""
    found = []
    with (folder / "labels.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            windows = SoundFile(folder / row["file"]).windows([(0, 60_000)])
            labels = set(row["segments"].split()) - {"none"}
            if "notice_given" in labels and any(word in row["text"] for word in RIGHTS):
                labels.add("rights_notice")
            found.append((row["file"], labels, np.concatenate([window.samples for window in windows])))
    return found


def road(chance: np.random.Generator, count: int) -> np.ndarray:
    """Rumble and hiss that swell as vehicles pass."""
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)
    spectrum = np.fft.rfft(chance.standard_normal(count))
    rumble = np.fft.irfft(spectrum / (1 + (hertz / 180) ** 1.4), count)
    hiss = np.fft.irfft(np.fft.rfft(chance.standard_normal(count)) * np.exp(-(((hertz - 1800) / 2200) ** 2)), count)
    t = np.arange(count) / RATE
    swell = np.full(count, 0.5)
    for when in chance.uniform(0, t[-1], max(2, int(t[-1] / 4))):
        swell += chance.uniform(0.4, 1.4) * np.exp(-(((t - when) / chance.uniform(0.9, 2.2)) ** 2))
    return swell * (rumble / rumble.std() + 0.35 * hiss / hiss.std())


def babble(chance: np.random.Generator, count: int, voices: list[np.ndarray]) -> np.ndarray:
    """Several people at once, saying nothing: clips played backwards."""
    noise = np.zeros(count)
    for n in chance.choice(len(voices), BABBLERS, replace=False):
        noise += np.roll(np.resize(voices[n][::-1], count), chance.integers(count))
    return noise


def street(chance: np.random.Generator, count: int, voices: list[np.ndarray]) -> np.ndarray:
    """Road and babble, as loud as each other, with power 1."""
    mixed = sum(part / part.std() for part in (road(chance, count), babble(chance, count, voices)))
    return np.asarray(mixed / np.std(mixed))


def noisy(voice: np.ndarray, level: str, chance: np.random.Generator, voices: list[np.ndarray]) -> np.ndarray:
    """The sentence at a signal-to-noise ratio in dB, over its own length; `clean` as it is."""
    quiet = np.zeros(int(QUIET_S * RATE))
    sound = np.concatenate([quiet, voice, quiet])
    if level != "clean":
        power = float(np.square(voice).mean())
        sound = sound + street(chance, len(sound), voices) * math.sqrt(power / 10 ** (float(level) / 10))
    return (sound / max(1.0, float(np.abs(sound).max()) / 0.98)).astype(np.float32)


def heard(engine: Recogniser, sound: np.ndarray) -> tuple[set[str], set[str]]:
    """Segments certainly and doubtfully heard, by the product's own rules and voice activity."""
    listeners, certain, doubtful = [Listener(rule) for rule in rules_of(SEGMENTS)], set(), set()
    for first, last in utterances(sound):
        words = engine.recognise(sound[first:last])
        said = Utterance(words.text, first // PER_MS, last // PER_MS, words.doubtful)
        for listener in listeners if words.text else ():
            if spoken := listener.hear(said):
                (doubtful if spoken.doubtful else certain).add(listener.rule.segment)
    return certain, doubtful - certain


def alone(engine: Recogniser, voices: list[np.ndarray]) -> list[str]:
    """What is heard, certainly or doubtfully, in streets where nobody says anything; voice activity is passed by."""
    found, chance = [], np.random.default_rng(11)
    for n in range(NOISES):
        sound = (0.1 * street(chance, NOISE_S * RATE, voices)).astype(np.float32)
        words = engine.recognise(sound)
        said = Utterance(words.text, 0, NOISE_S * 1000, words.doubtful)
        found += [f"{n} {rule.segment}: {words.text[:20]}" for rule in rules_of(SEGMENTS) if Listener(rule).hear(said)]
    return found


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--clips", type=Path, default=PROJECT.parent / "shared" / "footage" / "speech")
    arguments.add_argument("--model", type=Path, default=PROJECT / "build" / "speech-model")
    arguments.add_argument("--levels", nargs="+", default=["clean", "20", "10", "5", "0"])
    given = arguments.parse_args()
    if not (given.clips / "labels.tsv").exists() or not given.model.is_dir():
        print(f"!!! no labelled sentences in {given.clips} or no model in {given.model}: nothing measured !!!")
        return 1
    clips, engine = sentences(given.clips), load(given.model)
    voices = [sound for _, _, sound in clips]
    print(f"machine: {describe()}\nengine: {engine.version}; {len(clips)} sentences, {sum(map(len, voices)) / RATE:.0f} s\n")
    hits, doubts, alarms, costs = [], [], [], []
    for level in given.levels:
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
        used, seconds, chance = time.process_time(), 0.0, np.random.default_rng(7)
        for _, labels, voice in clips:
            sound = noisy(voice, level, chance, voices)
            seconds += len(sound) / RATE
            certain, doubtful = heard(engine, sound)
            for segment in SHOWN:
                kind = 0 if segment in labels else 3
                counts[segment][kind] += segment in certain
                counts[segment][kind + 1] += 1
                counts[segment][2] += segment in labels and segment in doubtful
        cpu = time.process_time() - used
        name = level if level == "clean" else f"{level} dB"
        hits.append([name, *(wilson(*counts[segment][:2]) for segment in (*LABELLED, "rights_notice"))])
        doubts.append([name, *(str(counts[segment][2]) for segment in (*LABELLED, "rights_notice"))])
        alarms.append([name, *(wilson(*counts[segment][3:]) for segment in (*LABELLED, "rights_notice", "forbidden_wording"))])
        costs.append([name, f"{cpu:.1f}", f"{seconds:.0f}", f"{cpu / seconds:.3f}"])
        print(f"{name}: {cpu:.0f} CPU-s", file=sys.stderr)
    head = ["noise", *LABELLED, "rights_notice"]
    print(f"heard, of those that say it (95 % interval):\n{table(head, hits)}")
    print(f"\nof the rest, doubtful, for a person:\n{table(head, doubts)}")
    print(f"\nfalse alarms, of those that do not say it:\n{table([*head, 'forbidden_wording'], alarms)}")
    invented = alone(engine, voices)
    print(f"\nin {NOISES} streets of {NOISE_S} s without anybody: {len(invented)} finds" + "".join(f"\n  {f}" for f in invented))
    print("\nstandard_wording is not labelled and left out.")
    print(f"\ncost, voice activity and matching included:\n{table(['noise', 'CPU-s', 'audio s', 'CPU-s per s'], costs)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
