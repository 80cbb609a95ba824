"""A proposal as a TOML file that a person reads, corrects and confirms; `checklists.read_draft` reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields

from avrecord.model.checklist import Item
from avrecord.model.proposal import Left, Proposal, Proposed, Reason
from avrecord.words import LIST_FIELDS, MODES, SEGMENTS

HOW = """\
# 由“{source}”读出的《音像记录事项清单》提案。逐项核对，改好后把 confirmed 改为 true；
# 全部确认后：avrecord checklist adopt 本文件 --by 证号
# mode：whole 全程，key 关键环节。segments（要件）的编码见 config/segments.toml。
# retention：2y、6m、permanent 永久、case 同案卷。means（拍照、录音、录音录像、文字）任一即可，photo+video 为两样都要。
# also：案件表中对这一环节的其他叫法。proposed_from：提议的依据，即原表中的原话；look_at：请特别看一下。
"""


def proposal_toml(found: Proposal, source: str, digest: str, names: dict[str, str]) -> str:
    """The file's text. `source`: the list's file, relative to the proposal; `names`: segment code → its Chinese name."""
    head = [
        HOW.format(source=_comment(source)),
        f"name = {_text(found.name)}",
        f"unit = {_text(found.unit)}",
        f"version = {_text(found.version)}",
        f"in_force_from = {found.in_force_from.isoformat()}  # 施行日期",
        f"source = {_text(source)}",
        f"source_sha256 = {_text(digest)}",
        "",
        "# 各列：" + "；".join(f"{_comment(header)} → {_understood(field)}" for header, field in found.columns),
    ]
    return "\n".join([*head, *_left(found.left), "", *(_item(each, SEGMENTS | names) for each in found.items)])


def _left(left: Iterable[Left]) -> list[str]:
    lines = [f"#   {f'第 {each.row} 行，' if each.row else ''}{each.reason}：{_comment(each.text)}" for each in left]
    return ["# 以下没有作为事项：", *lines] if lines else ["# 每一行都已作为事项。"]


def _item(each: Proposed, names: dict[str, str]) -> str:
    lines = ["[[item]]", "confirmed = false", f"row = {each.row}"]
    for field in fields(Item):
        value = getattr(each.item, field.name)
        if value in ("", ()) and field.name != "segments":
            continue
        remark = f"  # {LIST_FIELDS[field.name]}" if field.name in LIST_FIELDS else ""
        if field.name == "mode":
            remark = f"  # {MODES[value]}"
        if field.name == "segments" and value:
            remark = "  # " + "、".join(names.get(segment, segment) for segment in value)
        lines.append(f"{field.name} = {_list(value) if isinstance(value, tuple) else _text(value)}{remark}")
    lines.append(f"proposed_from = {_list([_said(reason, names) for reason in each.reasons])}")
    if each.notes:
        lines.append(f"look_at = {_list(each.notes)}")
    return "\n".join(lines) + "\n"


def _said(reason: Reason, names: dict[str, str]) -> str:
    what = "记录方式" if reason.proposes == "mode" else names.get(reason.proposes, reason.proposes)
    return f"{what}：{reason.column}“{reason.words}”"


def _understood(field: str) -> str:
    return LIST_FIELDS.get(field, "其他（未识别）")


def _list(values: Sequence[str]) -> str:
    if sum(map(len, values)) < 60:
        return "[" + ", ".join(map(_text, values)) + "]"
    return "[\n" + "".join(f"    {_text(value)},\n" for value in values) + "]"


def _text(value: str) -> str:
    """A TOML basic string: JSON's, but for the one character that JSON leaves bare and TOML does not."""
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")


def _comment(text: str) -> str:
    """One line without control characters: a cell must not end its comment and go on as TOML."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)
