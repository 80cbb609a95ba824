"""`/metrics`: one station in numbers, for Prometheus. No clip, officer or case is ever a label.

Everything is asked anew at each scrape; only what no index knows is counted here as it happens.
"""

from __future__ import annotations

import platform
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlite_utils.utils import sqlite3

from avrecord import __version__
from avrecord.errors import DatabaseProblem
from avrecord.media.trial import facts
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.space import space_left
from avrecord.service.ready import Readiness

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Happened:
    """What has happened since the start of the service and stands in no index."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def note(self, event: str) -> None:
        """An event of the story, by its name."""
        with self._lock:
            self._counts[event] += 1

    def count(self, event: str) -> int:
        with self._lock:
            return self._counts[event]


class Station(Collector):
    """The station's families, made when they are asked for."""

    def __init__(self, kit: Kit, status: Callable[[], dict[str, Any]], happened: Happened, ready: Readiness) -> None:
        self._kit, self._status, self._happened, self._ready = kit, status, happened, ready

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families of one scrape."""
        now = self._kit.clock()
        yield from self._dock()
        yield from self._log(now)
        with suppress(DatabaseProblem):  # then `avrecord_check_ok{check="database"}` tells, and the rest is there
            row = self._kit.store.row("gauges") or {}
            yield from self._work(row)
            yield from self._witness(row, now)
            yield from self._filling()
        build = {"version": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
        yield InfoMetricFamily("avrecord_build", "What is running.", value=build)
        mode = self._kit.settings.check.isolation
        alone = {key: " ".join(value) if isinstance(value, list) else str(value) for key, value in facts(mode).items()}
        yield InfoMetricFamily("avrecord_isolation", "What keeps examination children from files and network.", value=alone)
        checks = GaugeMetricFamily("avrecord_check_ok", "1 where a check of /readyz is well.", labels=["check"])
        for check in self._ready.checks():
            checks.add_metric([check.key], float(check.ok))
        yield checks

    def _work(self, row: dict[str, Any]) -> Iterator[Metric]:
        yield CounterMetricFamily("avrecord_clips_sealed", "Clips sealed since the station was set up.", row["clips"])
        yield CounterMetricFamily("avrecord_taken_bytes", "Bytes of sealed clips since the station was set up.", row["bytes"])
        yield GaugeMetricFamily("avrecord_clips_set_aside", "Sealed clips that need a person.", row["set_aside"])
        failed = self._happened.count("file_failed")
        yield CounterMetricFamily("avrecord_files_failed", "Files that could not be taken, since the service started.", failed)
        yield GaugeMetricFamily("avrecord_clips_unexamined", "Media clips without any examination.", row["unexamined"])
        waiting = "Clips that wait for their thorough look."
        yield GaugeMetricFamily("avrecord_clips_half_examined", waiting, row["half_examined"])
        yield GaugeMetricFamily("avrecord_clips_examination_failed", "Clips whose last examination failed.", row["failed"])
        told = self._happened.count("examined")
        yield CounterMetricFamily("avrecord_examinations", "Examinations stated, since the service started.", told)

    def _dock(self) -> Iterator[Metric]:
        live = self._status()
        cards = GaugeMetricFamily("avrecord_cards", "Docked cards by the state of their slot.", labels=["state"])
        for state, count in sorted(Counter(str(slot["state"]) for slot in live["slots"]).items()):
            cards.add_metric([state], count)
        yield cards
        yield from _known("avrecord_scan_age_seconds", "Since the docks were last listed.", live["seconds_since_scan"])

    def _log(self, now: datetime) -> Iterator[Metric]:
        yield GaugeMetricFamily("avrecord_log_entries", "Statements in the log.", self._kit.log.size)
        published = (self._kit.log.folder / "checkpoint").stat().st_mtime
        age = max(0.0, now.timestamp() - published)
        yield GaugeMetricFamily("avrecord_checkpoint_age_seconds", "Since the last checkpoint was published.", age)
        free = max(0, self._kit.vault.free())
        yield GaugeMetricFamily("avrecord_free_bytes", "Bytes that may still be taken before the reserve.", free)

    def _witness(self, row: dict[str, Any], now: datetime) -> Iterator[Metric]:
        seen = (now - from_utc_text(row["cosigned_at"])).total_seconds() if row["cosigned_at"] else None
        yield from _known("avrecord_witness_age_seconds", "Since someone outside last cosigned the log; absent: never.", seen)
        covered = row["witnessed"] or 0
        yield GaugeMetricFamily("avrecord_witnessed_entries", "Statements that an outside cosignature covers.", covered)

    def _filling(self) -> Iterator[Metric]:
        left = space_left(self._kit)
        seconds = left.free / left.per_day * 86_400 if left.per_day else None
        yield from _known(
            "avrecord_space_left_seconds", "Until the disk is full at the speed of four weeks; absent: unknown.", seconds
        )


def _known(name: str, says: str, value: float | None) -> Iterator[Metric]:
    """A gauge that is there only when its value is known: 0 would be a claim."""
    if value is not None:
        yield GaugeMetricFamily(name, says, value)


class Metrics:
    """The registry of one station; nothing global, so that two stations in one process stay apart."""

    def __init__(self, station: Collector) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(station)
        ProcessCollector(registry=self._registry)  # resident memory, CPU, open files, start time

    def text(self) -> bytes:
        """One scrape, in Prometheus' text format."""
        return generate_latest(self._registry)
