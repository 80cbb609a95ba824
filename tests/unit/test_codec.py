"""Statements as bytes: one form goes out, and only that form comes in."""

from __future__ import annotations

import dataclasses
import json
import types
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import said

from avrecord.errors import LogBroken
from avrecord.model.statement import KINDS, Body, ClipLinked, ConfigChanged, ExportMade, Statement
from avrecord.seal.codec import LARGEST, decode, encode

LINK = ClipLinked(
    clip="ab" * 32, case="盘综执罚〔2026〕44号", stage="现场执法", method="assignment", overlap_ms=5, uncertainty_ms=0
)
ENTRY = encode(said(7, LINK))
SAFE = 2**53 - 1


def values_of(hint: object) -> st.SearchStrategy[object]:
    if isinstance(hint, types.UnionType):
        return st.none() | values_of(next(part for part in typing.get_args(hint) if part is not types.NoneType))
    if typing.get_origin(hint) is tuple:
        return st.lists(values_of(typing.get_args(hint)[0]), max_size=3).map(tuple)
    return {str: st.text(max_size=20), int: st.integers(-SAFE, SAFE), bool: st.booleans()}[typing.cast("type", hint)]


def bodies(kind: type[Body]) -> st.SearchStrategy[Body]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(kind)})


@given(st.sampled_from(sorted(KINDS)).flatmap(lambda kind: bodies(KINDS[kind])), st.integers(0, SAFE))
@settings(max_examples=100)
def test_every_kind_reads_back_as_it_was_said(body, index):
    assert decode(encode(said(index, body)), index) == said(index, body)


@given(st.sampled_from(sorted(KINDS)).flatmap(lambda kind: bodies(KINDS[kind])))
@settings(max_examples=50)
def test_a_statement_is_canonical_json(body):
    entry = encode(said(3, body))
    fields = json.loads(entry)
    assert list(fields) == sorted(fields, key=lambda name: name.encode("utf-16-be"))
    assert json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() == entry


def changed(**fields: object) -> bytes:
    """The statement with other fields, written canonically: only the meaning is wrong."""
    content = json.loads(ENTRY) | fields
    content = {name: value for name, value in sorted(content.items()) if value is not KeyError}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(changed(kind="clip.burned"), id="an unknown kind"),
        pytest.param(changed(kind=["clip.linked"]), id="a kind that is a list"),
        pytest.param(changed(kind=KeyError), id="no kind"),
        pytest.param(changed(colour="red"), id="an unknown field"),
        pytest.param(changed(overlap_ms=KeyError), id="a missing field"),
        pytest.param(changed(overlap_ms="5"), id="text for a number"),
        pytest.param(changed(overlap_ms=True), id="a truth for a number"),
        pytest.param(changed(overlap_ms=None), id="nothing for a number"),
        pytest.param(changed(overlap_ms=5.5), id="a float"),
        pytest.param(changed(clip=5), id="a number for text"),
        pytest.param(changed(v=2), id="a later version"),
        pytest.param(changed(v=KeyError), id="no version"),
        pytest.param(changed(by=None), id="nobody said it"),
        pytest.param(ENTRY.replace(b'"overlap_ms":5', b'"overlap_ms":5.0'), id="a number with a point"),
        pytest.param(ENTRY.replace(b'"overlap_ms":5', b'"overlap_ms":5e0'), id="a number with an exponent"),
        pytest.param(ENTRY.replace(b'"overlap_ms":5', b'"overlap_ms":NaN'), id="not a number"),
        pytest.param(ENTRY.replace(b'"overlap_ms":5', b'"overlap_ms":4,"overlap_ms":5'), id="a field twice"),
        pytest.param(ENTRY.replace(b'{"at"', b'{"v":1,"at"'), id="a common field twice"),
        pytest.param(ENTRY.replace(b'"v":1', b'"v":true'), id="a version that only equals one"),
        pytest.param(ENTRY.replace(b":5", b": 5"), id="white space"),
        pytest.param(ENTRY + b"\n", id="a newline at the end"),
        pytest.param(b"\xef\xbb\xbf" + ENTRY, id="a byte order mark"),
        pytest.param(ENTRY.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(ENTRY.decode().encode("gb18030"), id="GB 18030"),
        pytest.param(ENTRY.replace("现".encode(), b"\\u73b0"), id="an escape where none is needed"),
        pytest.param(b'{"v":1,' + ENTRY[1:].replace(b',"v":1', b""), id="another order of fields"),
        pytest.param(ENTRY[:-1], id="cut short"),
        pytest.param(b"[" + ENTRY + b"]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[" * 65_000, id="nested too deeply"),
        pytest.param(b'"' * 3, id="not JSON"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_this_version_would_not_write_is_refused_with_its_index(entry):
    assert entry != ENTRY
    with pytest.raises(LogBroken) as caught:
        decode(entry, 7)
    assert caught.value.facts["index"] == 7


def test_the_helper_above_changes_nothing_by_itself():
    assert decode(changed(), 7) == said(7, LINK)


@pytest.mark.parametrize("index", [6, 8])
def test_a_statement_in_another_place_than_its_own_is_refused(index):
    with pytest.raises(LogBroken, match="7"):
        decode(ENTRY, index)


def test_the_version_stands_in_every_statement():
    assert json.loads(ENTRY)["v"] == 1


def test_a_statement_of_65535_bytes_fits_and_one_byte_more_does_not():
    room = LARGEST - len(encode(said(0, ConfigChanged(config=""))))
    full = encode(said(0, ConfigChanged(config="x" * room)))
    assert len(full) == LARGEST
    assert decode(full, 0).body == ConfigChanged(config="x" * room)
    with pytest.raises(LogBroken, match="附件"):
        encode(said(0, ConfigChanged(config="x" * (room + 1))))


def test_no_bit_of_a_statement_can_be_flipped_without_saying_something_else():
    """A flip either is refused or gives another statement: never the same one from other bytes."""
    same = []
    for bit in range(8 * len(ENTRY)):
        entry = bytearray(ENTRY)
        entry[bit // 8] ^= 1 << bit % 8
        try:
            if decode(bytes(entry), 7) == said(7, LINK):
                same.append(bit)
        except LogBroken:
            continue
    assert same == []


def test_common_fields_are_kept():
    statement = Statement(
        station="东湖", seq=0, at="2026-11-16T01:00:00.000000Z", by="041007", body=ExportMade(what="w", rows=0, file="")
    )
    assert decode(encode(statement), 0) == statement


def test_no_field_of_a_kind_takes_the_name_of_a_statements_own():
    """It would be written over the head: a leaf of a bureau once claimed to be another station's."""
    heads = {"v", "kind", *(field.name for field in dataclasses.fields(Statement) if field.name != "body")}
    for kind in KINDS.values():
        assert not heads & {field.name for field in dataclasses.fields(kind)}, kind
