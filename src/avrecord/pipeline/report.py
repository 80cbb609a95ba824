"""附件9 自查工作台账: prefilled per case from coverage, marks and reviews. Every cell says what it rests on.

The machine lists what needs review; a conclusion about a person is somebody's review, never its own.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from avrecord.errors import BadInput, UnknownName
from avrecord.ledger.write import Sheet, write_workbook
from avrecord.model.case import Account, Mark
from avrecord.model.clip import Clip, Media
from avrecord.model.moments import beijing, from_utc_text, since
from avrecord.model.statement import ExportMade
from avrecord.pipeline.footing import footing
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts, mark_asked, why_blind
from avrecord.pipeline.record import state
from avrecord.rules.judging import is_whole, lacks, quoted
from avrecord.rules.reviewing import decisions
from avrecord.words import DECISIONS, LACKS, LIMITS_OF_A_CHECK, LIMITS_OF_A_SEAL, MARKS, MEDIA, SECOND_EYE, SEGMENTS

BASIS = (
    ("案号", 12),
    ("环节", 8),
    ("片段文件", 16),
    ("类别", 4),
    ("记录仪", 7),
    ("开始（北京时间）", 10),
    ("时长（秒）", 5),
    ("SHA-256", 20),
)


Judged = Callable[[Account, str], Mark]
FILTERS = {"case_no": "案号", "unit": "单位", "since": "起", "until": "止（不含）"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `config/ledgers/*.toml`."""

    title: str
    source: str
    width: float


def write_ledger(out: Path, template: Path, by: str, kit: Kit, **filters: str) -> int:
    """Write the ledger and its basis sheet to `out`; state the export; return the number of cases."""
    title, columns = read_columns(template)
    found = list(accounts(kit, **filters))
    if not found:
        raise UnknownName(what="符合条件的案件", name="、".join(value for value in filters.values() if value) or "全部")
    judged = partial(mark_asked, why=why_blind(kit), kit=kit)
    names = {row["officer"]: f"{row['name']} {row['officer']}" for row in kit.records.store.rows("all_officers")}
    cases = [list(group) for _, group in groupby(found, key=lambda account: account.stage.id.case)]
    rows = [[_cell(column.source, number, stages, judged, names) for column in columns] for number, stages in enumerate(cases, 1)]
    footer = _footer(filters, kit)
    write_workbook(
        out,
        [
            Sheet("自查工作台账", title, [(column.title, column.width) for column in columns], rows, footer),
            Sheet("依据", "所依据的片段", BASIS, list(_basis(found)), footer),
        ],
    )
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    state(kit, [ExportMade(what="ledger.annex9", rows=len(rows), file=digest)], by)
    return len(rows)


def read_columns(template: Path) -> tuple[str, list[Column]]:
    """A ledger's title and columns. Raises BadInput for a template that cannot be read."""
    try:
        table = tomllib.loads(template.read_text("utf-8"))
        return str(table["title"]), [Column(c["title"], c["from"], float(c["width"])) for c in table["column"]]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput(path=template, detail=f"台账列定义有误（{error}）") from error


def _cell(source: str, number: int, stages: list[Account], judged: Judged, names: dict[str, str]) -> object:
    first = stages[0].stage
    facts: dict[str, Callable[[], object]] = {
        "number": lambda: number,
        "case_no": lambda: first.id.case,
        "case_kind": lambda: first.case_kind,
        "unit": lambda: first.unit,
        "officers": lambda: "\n".join(sorted({names.get(o, o) for a in stages for o in a.stage.officers})),
        "footage": lambda: "\n".join(_footage(account) for account in stages),
        "problem": lambda: "\n".join(line for account in stages for line in _problems(account)),
        "blank": lambda: "",
    }
    if source in facts:
        return facts[source]()
    return "\n".join(line for account in stages if (line := _segment(account, source, judged)))


def _footage(account: Account) -> str:
    name, coverage = account.stage.id.name, account.coverage
    decided = decided_text(account, "footage")
    if not account.clips:
        return f"{name}：无录像{decided}"
    gaps = "、".join(f"{beijing(g.start, '%H:%M:%S')}起缺 {g.seconds} 秒" for g in coverage.gaps)
    return f"{name}：录像 {coverage.covered_s}/{coverage.window_s} 秒" + (f"（{gaps}）" if gaps else "") + decided


def _segment(account: Account, segment: str, judged: Judged) -> str:
    """One stage's line for a segment: the review when there is one, else the mark; none where not required."""
    name, decided = account.stage.id.name, decided_text(account, segment)
    for mark in account.marks:
        if mark.segment == segment:
            return f"{name}：{MARKS[mark.mark]}{_where(mark)}{decided}"
    if segment in ("standard_wording", "uniform"):  # asked of every case, though no item requires them
        mark = judged(account, segment)
        where = _where(mark) if mark.observation else f"，{mark.reason}"
        return f"{name}：{MARKS[mark.mark]}{where}{decided}"
    return f"{name}：清单不要求{decided}"


def decided_text(account: Account, item: str) -> str:
    """The decision in force, with who and when: it stands beside the fact and never hides it."""
    found = decisions(account.reviews, account.four_eyes).get(item)
    if found is None:
        return ""
    waits = f"，{SECOND_EYE}" if found.pending else ""
    return f"；{DECISIONS[found.decision]}（{'、'.join(found.by)}，{beijing(found.at, '%Y-%m-%d')}{waits}）"


def _where(mark: Mark) -> str:
    if mark.clip is None or mark.observation is None:
        return f"（{mark.reason}）"
    moment = moment_in(mark.clip, mark.observation.at_ms)
    return f"（{quoted(mark.observation)}，{mark.clip.name} {moment}）"


def moment_in(clip: Clip, at_ms: int) -> str:
    """A moment of a clip as people look it up: Beijing time of day where known, and minutes into it."""
    if clip.media is Media.PHOTO:
        return beijing(clip.true_start, "%H:%M:%S") if clip.true_start else "照片"
    minutes = f"第 {at_ms // 60000}:{at_ms // 1000 % 60:02d}"
    return f"{beijing(since(clip.true_start, at_ms), '%H:%M:%S')}，{minutes}" if clip.true_start else minutes


def _problems(account: Account) -> list[str]:
    found = lacks(account, is_whole(account.mode))
    return [
        f"{lack.stage.id.name}：{SEGMENTS.get(lack.segment or '', '')}{LACKS[lack.what]}"
        + (f"（{lack.detail}）" if lack.what in ("gap", "cannot_tell") else "")
        for lack in found
    ]


def _basis(found: Iterable[Account]) -> Iterable[list[object]]:
    for account in found:
        for clip in account.clips:
            seconds = round(clip.duration_ms / 1000) if clip.duration_ms else ""
            yield [
                account.stage.id.case, account.stage.id.name, clip.name, MEDIA[clip.media], clip.recorder or "",
                beijing(clip.true_start), seconds, clip.id.hex,
            ]  # fmt: skip


def _shown(value: str) -> str:
    """A filter's value as people read it: moments in Beijing time."""
    return beijing(from_utc_text(value)) if value.endswith("Z") and value[:2] == "20" else value


def _footer(filters: dict[str, str], kit: Kit) -> list[str]:
    query = "，".join(f"{FILTERS.get(key, key)} {_shown(value)}" for key, value in filters.items() if value) or "全部案件"
    return [*footing(query, kit), LIMITS_OF_A_CHECK + LIMITS_OF_A_SEAL]
