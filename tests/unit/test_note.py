"""检查点: signed notes that any C2SP tool reads, and that nobody can bend."""

from __future__ import annotations

import base64
import hashlib
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import KEY, ORIGIN, OTHER_KEY, TRUSTED

from avrecord.seal.merkle import EMPTY_ROOT
from avrecord.seal.note import (
    BadNote,
    Checkpoint,
    NoteKey,
    NotSigned,
    canonical_base64,
    open_note,
    sign,
)

TEXT = Checkpoint(ORIGIN, 7, EMPTY_ROOT).text
SIGNED = sign(TEXT, KEY, ORIGIN)
WITNESS = NoteKey("witness.example", OTHER_KEY.public)


def with_line(note: str, name: str, payload: bytes) -> str:
    return note + f"— {name} {base64.b64encode(payload).decode()}\n"


def vkey_of(key: bytes) -> str:
    """As the format says, whatever the key is."""
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + key).digest()[:4].hex()
    return f"{ORIGIN}+{key_id}+{base64.b64encode(key).decode()}"


def witnessed(note: str) -> str:
    return note + sign(TEXT, OTHER_KEY, WITNESS.name).rpartition("\n\n")[2]


def test_a_verifier_key_reads_back_as_it_was_written():
    assert TRUSTED.vkey == vkey_of(b"\x01" + TRUSTED.public)
    assert NoteKey.parse(f"{TRUSTED.vkey}\n") == TRUSTED


@pytest.mark.parametrize(
    "vkey",
    [
        pytest.param(TRUSTED.vkey.replace("+", "x+", 1), id="another name"),
        pytest.param(TRUSTED.vkey.partition("+")[2], id="no name"),
        pytest.param("+" + TRUSTED.vkey.partition("+")[2], id="empty name"),
        pytest.param(TRUSTED.vkey[:-4] + "AAA=", id="another key"),
        pytest.param(vkey_of(b"\x04" + TRUSTED.public), id="a witness's type, with its own id"),
        pytest.param(vkey_of(b"\x01" + TRUSTED.public[:31]), id="a short key, with its own id"),
        pytest.param(TRUSTED.vkey.upper(), id="another case"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_verifier_key_whose_id_does_not_follow_from_it_is_refused(vkey):
    with pytest.raises(BadNote):
        NoteKey.parse(vkey)


def test_openssl_verifies_a_checkpoint_by_hand(tmp_path):
    """The recipe of VERIFY.txt: the last 64 bytes of the line, the key in OpenSSL's wrapping."""
    text, _, line = SIGNED.rpartition("\n\n")
    (tmp_path / "body").write_text(f"{text}\n")
    (tmp_path / "sig").write_bytes(base64.b64decode(line.split()[2])[-64:])
    der = bytes.fromhex("302a300506032b6570032100") + TRUSTED.public
    pem = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"
    (tmp_path / "log.pem").write_text(pem)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "log.pem", "-rawin", "-in", "body", "-sigfile", "sig"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "body").write_text(f"{text}\n".replace("\n7\n", "\n6\n"))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_an_unknown_signature_is_passed_over():
    assert open_note(witnessed(SIGNED), [TRUSTED]) == TEXT


def test_one_good_signature_among_sixteen_unknown_ones_is_enough():
    note = f"{TEXT}\n"
    for number in range(16):
        note = with_line(note, f"w{number}.example", bytes([number]) * 68)
    assert open_note(note + SIGNED.rpartition("\n\n")[2], [TRUSTED]) == TEXT


def test_a_known_signature_that_fails_rejects_the_whole_note():
    bad = with_line(SIGNED, WITNESS.name, WITNESS.id + bytes(64))
    with pytest.raises(BadNote, match="does not match"):
        open_note(bad, [TRUSTED, WITNESS])


def test_the_same_name_with_another_key_id_is_unknown_and_passed_over():
    assert open_note(with_line(SIGNED, ORIGIN, bytes(68)), [TRUSTED]) == TEXT


@pytest.mark.parametrize("payload", [b"", b"\0\0\0", TRUSTED.id])
def test_a_line_without_key_id_or_signature_makes_it_no_note(payload):
    with pytest.raises(BadNote, match="malformed"):
        open_note(with_line(SIGNED, ORIGIN, payload), [TRUSTED])


def test_a_signature_that_is_cut_short_rejects_the_whole_note():
    with pytest.raises(NotSigned, match="does not match"):
        open_note(with_line(SIGNED, ORIGIN, TRUSTED.id + bytes(63)), [TRUSTED])


def test_an_unknown_signature_may_stand_first_and_the_same_one_twice():
    line, theirs = SIGNED.rpartition("\n\n")[2], sign(TEXT, OTHER_KEY, WITNESS.name).rpartition("\n\n")[2]
    assert open_note(f"{TEXT}\n{theirs}{line}{theirs}{line}", [TRUSTED]) == TEXT


def test_of_two_signatures_by_one_key_both_must_be_good():
    with pytest.raises(NotSigned):
        open_note(with_line(SIGNED, ORIGIN, TRUSTED.id + bytes(64)), [TRUSTED])


def test_more_signatures_than_anybody_has_a_use_for_are_not_read():
    line = SIGNED.rpartition("\n\n")[2]
    assert open_note(f"{TEXT}\n{line * 100}", [TRUSTED]) == TEXT
    with pytest.raises(BadNote, match="too many"):
        open_note(f"{TEXT}\n{line * 101}", [TRUSTED])


@pytest.mark.parametrize("name", ["城管.example/采集站", "a-b_c.d/~e?f#g", "naïve", "ключ"])
def test_a_name_may_be_in_any_script(name):
    key = NoteKey(name, KEY.public)
    assert NoteKey.parse(key.vkey) == key
    assert open_note(sign(TEXT, KEY, name), [key]) == TEXT


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u3000b", "a\u2028b", "a\x85b", "\u1680", "a\tb"])
def test_a_name_with_a_plus_or_any_unicode_space_is_refused(name):
    with pytest.raises(BadNote):
        sign(TEXT, KEY, name)
    with pytest.raises(BadNote):
        NoteKey.parse(NoteKey(name, KEY.public).vkey)
    with pytest.raises(BadNote, match="malformed"):
        open_note(with_line(SIGNED, name.replace("\t", " "), bytes(68)), [TRUSTED])


@pytest.mark.parametrize("spoilt", [" {}", "{} ", "{}\n\n", "{}\r\n", "PRIVATE+KEY+{}"])
def test_a_verifier_key_with_anything_around_it_is_refused(spoilt):
    with pytest.raises(BadNote):
        NoteKey.parse(spoilt.format(TRUSTED.vkey))


def test_text_that_is_no_utf_8_is_no_note():
    with pytest.raises(BadNote, match="UTF-8"):
        open_note(b"\xff".decode("utf-8", "surrogateescape") + SIGNED, [TRUSTED])


def test_a_note_that_nobody_we_know_signed_is_refused():
    with pytest.raises(BadNote, match="no known key"):
        open_note(SIGNED, [WITNESS])


def test_a_witness_alone_does_not_make_a_stations_checkpoint():
    with pytest.raises(BadNote, match="no known key"):
        open_note(sign(TEXT, OTHER_KEY, ORIGIN), [TRUSTED])


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(TEXT, id="no signature"),
        pytest.param(SIGNED[:-1], id="no newline at the end"),
        pytest.param(SIGNED.replace("— ", "- "), id="a hyphen for the dash"),
        pytest.param(SIGNED + "\n", id="an empty line after the signatures"),
        pytest.param(SIGNED.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param(SIGNED.replace(ORIGIN, f"{ORIGIN}\t", 1), id="a control character"),
        pytest.param(SIGNED + "— two words AAAA\n", id="a space in the name"),
        pytest.param(SIGNED + "— a+b AAAA\n", id="a plus in the name"),
        pytest.param(SIGNED + "— a AAAB=\n", id="broken base64"),
    ],
)
def test_a_note_of_another_form_is_refused(note):
    with pytest.raises(BadNote):
        open_note(note, [TRUSTED])


def test_an_alias_of_the_same_signature_bytes_is_refused():
    """67 bytes need padding, which leaves stray bits that Python ignores."""
    plain = with_line(SIGNED, "w.example", bytes(67))
    alias = plain.replace("A==\n", "B==\n")
    assert alias != plain
    assert base64.b64decode(alias.split()[-1], validate=True) == bytes(67)
    with pytest.raises(BadNote, match="canonical"):
        open_note(alias, [TRUSTED])


def test_no_bit_of_a_signed_checkpoint_can_be_flipped():
    note, accepted = SIGNED.encode(), []
    for bit in range(8 * len(note)):
        changed = bytearray(note)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            open_note(changed.decode(), [TRUSTED])
        except (BadNote, UnicodeDecodeError):
            continue
        accepted.append(bit)
    assert accepted == []


def test_text_that_looks_like_signatures_stays_text():
    """The last empty line separates: a text may itself hold an empty line and a signature line."""
    text = f"{SIGNED}\nmore\n"
    assert open_note(sign(text, KEY, ORIGIN), [TRUSTED]) == text


@given(st.binary(max_size=40))
@settings(max_examples=50)
def test_base64_as_it_is_usually_written_is_read(blob):
    assert canonical_base64(base64.b64encode(blob).decode()) == blob


@pytest.mark.parametrize("text", ["AB==", "AAB=", "AA", "AA=", "A A=", "AA==\n", "AA==AA==", "é===", "-_==", "="])
def test_another_spelling_of_base64_is_refused(text):
    with pytest.raises(BadNote):
        canonical_base64(text)
