"""Statements ↔ bytes: RFC 8785 canonical JSON out, strict reading in.

A reader checks the bytes first (the log's tree covers them) and parses afterwards. Parsing accepts
exactly what `encode` writes: the object is encoded again and must give the same bytes, which rules
out duplicate keys, other number forms, other orders and floats in one stroke.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from typing import Any

import rfc8785

from avrecord.errors import LogBroken
from avrecord.model.statement import KINDS, VERSION, Body, Statement

LARGEST = 65_535
"""Bytes in one entry: tlog-tiles prefixes each with a uint16."""


def encode(statement: Statement) -> bytes:
    """The leaf's bytes. Raises LogBroken when they would not fit into an entry."""
    head: dict[str, Any] = {
        "v": VERSION,
        "kind": statement.body.kind,
        "station": statement.station,
        "seq": statement.seq,
        "at": statement.at,
        "by": statement.by,
    }
    body = {
        field.name: _plain(value)
        for field in dataclasses.fields(statement.body)
        if (value := getattr(statement.body, field.name)) != field.default  # MISSING, where the field is as old as its kind
    }
    encoded = rfc8785.dumps(head | body)
    if len(encoded) > LARGEST:
        raise LogBroken(index=statement.seq, detail="记录过长，应存为附件")
    return encoded


def decode(entry: bytes, index: int) -> Statement:
    """Read a leaf. Raises LogBroken, naming the index, for anything this version would not write."""
    try:
        fields = json.loads(entry)
        statement = _statement(fields)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LogBroken(index=index, detail=f"不是有效的记录（{error}）") from error
    if statement.seq != index:
        raise LogBroken(index=index, detail=f"序号不符（记录自称 {statement.seq}）")
    try:
        canonical = encode(statement)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise LogBroken(index=index, detail=f"不能写成规范的 JSON（{type(error).__name__}）") from error
    if canonical != entry:
        raise LogBroken(index=index, detail="不是规范的 JSON 形式")
    return statement


def _statement(fields: Any) -> Statement:
    if not isinstance(fields, dict) or fields.pop("v") != VERSION:
        raise ValueError("unknown version")
    kind = KINDS[fields.pop("kind")]
    head = {name: typed(fields.pop(name), hint) for name, hint in (("station", str), ("at", str), ("by", str))}
    return Statement(seq=typed(fields.pop("seq"), int), body=_body(kind, fields), **head)


def _body(kind: Any, fields: dict[str, Any]) -> Body:
    body: Body = kind(**typed_fields(kind, _later(kind) | fields))
    return body


@functools.cache
def _later(kind: Any) -> dict[str, Any]:
    """Fields that older statements do not have, with what they then mean."""
    return {field.name: field.default for field in dataclasses.fields(kind) if field.default is not dataclasses.MISSING}


def typed_fields(kind: type, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a noun, none missing and none besides. Raises ValueError or TypeError.

    A field that is a noun itself, or a tuple of nouns, must have been read before.
    """
    hints = _hints(kind)
    if not isinstance(fields, dict) or hints.keys() != fields.keys():
        raise ValueError(f"fields {sorted(hints.keys() ^ set(fields))}")
    return {name: typed(fields[name], hint) for name, hint in hints.items()}


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of a noun's fields. Read once: working them out costs more than a whole statement."""
    return {name: hint for name, hint in typing.get_type_hints(kind).items() if typing.get_origin(hint) is not typing.ClassVar}


def typed(value: Any, hint: Any) -> Any:
    """`value` if it is exactly of the hinted kind; lists become tuples."""
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        (hint,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        if isinstance(value, tuple) and all(type(each) is typing.get_args(hint)[0] for each in value):
            return value
        if not isinstance(value, list):
            raise TypeError("not a list")
        return tuple(typed(each, typing.get_args(hint)[0]) for each in value)
    if type(value) is not hint:
        raise TypeError(f"{value!r} is not {hint.__name__}")
    return value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
