"""One question to many stations: the same answer of each, one below the other, with the station in front."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from avrecord.bureau import stations
from avrecord.bureau.stations import alone
from avrecord.bureau.views import Views
from avrecord.errors import AvrecordError, UnknownName
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column

STATION = Column("station", "采集站", width=10, whole=True)
MOST_NOTES = 20
Ask = Callable[[Kit], Answer]


def across(kit: Kit, ask: Ask, station: str | None = None) -> Answer:
    """Every station's answer as one; one station's where it is named.

    A station that cannot be asked, or does not know what is asked about, is named in the notes and keeps no other from
    answering. Raises UnknownName when none knows it.
    """
    names = [name for name in stations.trusted(kit) if stations.is_taken(name, kit)] if station is None else [station]
    found: list[tuple[str, Answer]] = []
    silent: list[tuple[str, AvrecordError]] = []
    with closing(Views(kit)) as views:
        for name in names:
            try:
                with alone(name), views.of(name) as seen:
                    found.append((name, ask(seen)))
            except AvrecordError as error:
                silent.append((name, error))
    if not found:
        raise silent[0][1] if silent else UnknownName(what="已收取的采集站", name="全部" if station is None else station)
    return _joined(found, silent)


def _joined(found: Sequence[tuple[str, Answer]], silent: Sequence[tuple[str, AvrecordError]]) -> Answer:
    first = found[0][1]
    rows = [{"station": name, **row} for name, answer in found for row in answer.rows]
    notes = [f"{name}：{error}" for name, error in silent if not isinstance(error, UnknownName)]
    unknown = [name for name, error in silent if isinstance(error, UnknownName)]
    notes += [f"没有符合条件的内容：{'、'.join(unknown)}。"] if unknown else []
    if any(answer.extra.get("next") for _, answer in found):
        notes.append("有的采集站还有更多，没有全部列出：请选定一个采集站，或缩小范围。")
    each = [(name, note) for name, answer in found for note in answer.notes]
    common = [note for note in first.notes if all(note in answer.notes for _, answer in found)]
    notes += [*common, *(f"{name}：{note}" for name, note in each if note not in common)][:MOST_NOTES]
    extra: dict[str, Any] = {"stations": {name: _without_next(answer.extra) for name, answer in found}}
    extra |= {"silent": [name for name, error in silent if not isinstance(error, UnknownName)], "count": len(rows)}
    code = max((answer.exit_code for _, answer in found), default=0) or (40 if extra["silent"] else 0)
    return replace(
        first, title=f"{first.title}（{len(found)} 个采集站）", columns=[STATION, *first.columns], rows=rows, extra=extra,
        notes=notes, exit_code=code, charts=(),
    )  # fmt: skip


def _without_next(extra: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in extra.items() if key != "next"}
