"""值班表: who is on duty on which day, from a workbook or csv with Chinese headers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from avrecord.ledger.read import day, read_table, text

DUTY = {
    "day": ("日期", "值班日期", "执勤日期"),
    "unit": ("执法单位", "单位", "值班单位"),
    "officer": ("执法证号", "证号", "值班人员执法证号"),
}
SEPARATORS = re.compile(r"[、,，;；/\s]+")
NUMBER = re.compile(r"[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Duty:
    """Entries (`day`, `unit`, `officer`), each once, and rows that are not valid with row number and reason."""

    entries: tuple[dict[str, str], ...]
    invalid: tuple[tuple[int, str], ...]


def read_duty(path: Path) -> Duty:
    """A row is a day, a unit and one or more numbers. Raises BadInput when it is no such table.

    Only numbers: the entries go into the log's attachments, and a name there would not be found in the roster.
    """
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    invalid = []
    for row_number, row in read_table(path, DUTY, ("day", "unit", "officer")).rows:
        try:
            on, unit = day(row["day"]), text(row["unit"])
            numbers = [part for part in SEPARATORS.split(text(row["officer"])) if part]
            if on is None or not unit or not numbers:
                raise ValueError("日期、单位或执法证号为空")
            if wrong := [part for part in numbers if not NUMBER.fullmatch(part)]:
                raise ValueError(f"应填执法证号，不要填姓名：{'、'.join(wrong)}")
        except ValueError as error:
            invalid.append((row_number, str(error)))
            continue
        for officer in numbers:
            entry = {"day": on.isoformat(), "unit": unit, "officer": officer}
            found.setdefault((entry["day"], unit, officer), entry)
    return Duty(tuple(found.values()), tuple(invalid))
