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
from avrecord.ledger.template import fill_template
from avrecord.ledger.write import Sheet, write_workbook
from avrecord.model.case import Account, Problem
from avrecord.model.moments import beijing, from_utc_text
from avrecord.model.statement import ExportMade
from avrecord.pipeline.cells import Judged, footage_text, lack_texts, segment_text
from avrecord.pipeline.footing import assert_outside, footing
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts, mark_asked, why_blind
from avrecord.pipeline.record import state
from avrecord.words import LIMITS_OF_A_CHECK, LIMITS_OF_A_SEAL, MEDIA, PROBLEM_ITEMS

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

RECTIFIED = ("leader", "department", "measure", "deadline", "done")
FILTERS = {"case_no": "案号", "unit": "单位", "since": "起", "until": "止（不含）"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `config/ledgers/*.toml`."""

    title: str
    source: str
    width: float
    also: tuple[str, ...] = ()
    """Other headers under which a bureau's own workbook has it."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger as `config/ledgers/*.toml` describes it."""

    title: str
    columns: list[Column]


def annex9(kit: Kit) -> Path:
    """Where a station has its 附件9."""
    return kit.root / "config" / "ledgers" / "annex9.toml"


@dataclass(frozen=True, slots=True)
class Filled:
    """One case of the ledger: its stages, the problems that people opened, and a cell for each column."""

    stages: list[Account]
    problems: list[Problem]
    cells: list[object]


def filled(ledger: Ledger, kit: Kit, **filters: str) -> list[Filled]:
    """The ledger's cases with what is known of each. Raises UnknownName where there is none."""
    found = list(accounts(kit, **filters))
    if not found:
        raise UnknownName(what="符合条件的案件", name="、".join(value for value in filters.values() if value) or "全部")
    judged = partial(mark_asked, why=why_blind(kit), kit=kit)
    names = {row["officer"]: f"{row['name']} {row['officer']}" for row in kit.records.store.rows("all_officers")}
    rows = []
    for number, (case, group) in enumerate(groupby(found, key=lambda account: account.stage.id.case), 1):
        stages, problems = list(group), kit.records.problems(case_no=case)
        cells = [_cell(column.source, number, stages, judged, names, problems) for column in ledger.columns]
        rows.append(Filled(stages, problems, cells))
    return rows


def write_ledger(out: Path, columns_file: Path, by: str, kit: Kit, template: Path | None = None, **filters: str) -> int:
    """Write the ledger and its basis sheet to `out`; state the export; return the number of cases.

    `template`: a bureau's own workbook, whose table is filled where its headers stand; its looks stay.
    """
    assert_outside(out, kit)
    ledger = read_columns(columns_file)
    found = filled(ledger, kit, **filters)
    rows = [each.cells for each in found]
    footer = _footer(filters, kit)
    basis = Sheet("依据", "所依据的片段", BASIS, list(_basis(account for each in found for account in each.stages)), footer)
    if template:
        headers = {column.source: (column.title, *column.also) for column in ledger.columns if column.source != "blank"}
        by_source = [dict(zip((column.source for column in ledger.columns), row, strict=True)) for row in rows]
        fill_template(template, out, headers, by_source, basis)
    else:
        widths = [(column.title, column.width) for column in ledger.columns]
        write_workbook(out, [Sheet("自查工作台账", ledger.title, widths, rows, footer), basis])
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    state(kit, [ExportMade(what="ledger.annex9", rows=len(rows), file=digest)], by)
    return len(rows)


def read_columns(path: Path) -> Ledger:
    """A ledger's title and columns. Raises BadInput for a file that cannot be read."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        columns = [Column(c["title"], c["from"], float(c["width"]), tuple(c.get("also", ()))) for c in table["column"]]
        return Ledger(str(table["title"]), columns)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput(path=path, detail=f"台账列定义有误（{error}）") from error


def _rectified(source: str, problems: list[Problem]) -> str:
    """One line per problem that a person opened for the case; nothing where nobody did."""
    said: dict[str, Callable[[Problem], str]] = {
        "leader": lambda each: each.leader,
        "department": lambda each: each.department,
        "measure": lambda each: each.measure,
        "deadline": lambda each: each.deadline,
        "done": lambda each: f"{each.closed_at[:10]} 已销号：{each.why}" if each.closed_at else "整改中",
    }
    many = len(problems) > 1
    lines = [(f"{n}. " if many else "") + said[source](each) for n, each in enumerate(problems, 1)]
    return "\n".join(lines)


def _problem(stages: list[Account], problems: list[Problem]) -> str:
    """What a person found first, then what the machine asks people to look at."""
    many = len(problems) > 1
    found = [
        (f"{n}. " if many else "") + f"{each.stage.name}{PROBLEM_ITEMS.get(each.item, each.item)}：{each.problem}"
        for n, each in enumerate(problems, 1)
    ]
    told = [line for account in stages for line in lack_texts(account)]
    return "\n".join(found + [f"待复核：{line}" for line in told] if found else told)


def _cell(
    source: str, number: int, stages: list[Account], judged: Judged, names: dict[str, str], problems: list[Problem]
) -> object:
    first = stages[0].stage
    facts: dict[str, Callable[[], object]] = {
        "number": lambda: number,
        "case_no": lambda: first.id.case,
        "case_kind": lambda: first.case_kind,
        "unit": lambda: first.unit,
        "officers": lambda: "\n".join(sorted({names.get(o, o) for a in stages for o in a.stage.officers})),
        "footage": lambda: "\n".join(footage_text(account) for account in stages),
        "problem": lambda: _problem(stages, problems),
        "blank": lambda: "",
    }
    if source in facts:
        return facts[source]()
    if source in RECTIFIED:
        return _rectified(source, problems)
    return "\n".join(line for account in stages if (line := segment_text(account, source, judged)))


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
