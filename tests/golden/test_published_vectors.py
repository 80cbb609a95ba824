"""Vectors that others published, held against our code. Each says where it comes from; none was made by us."""

from __future__ import annotations

import struct
from base64 import b64decode
from pathlib import Path

import cryptography_vectors
import pytest
import rfc8785
from nacl.signing import VerifyKey

from avrecord.seal.log import Log
from avrecord.seal.note import BadNote, NoteKey, NotSigned, is_weak, open_note, sign
from avrecord.seal.proof import check_consistency, consistency, hashes_of, inclusion, root_of
from avrecord.seal.signer import SoftSigner
from golden.test_log_formats import LEAVES, ROOTS

# --- RFC 8032: the 1,024 signatures of the reference implementation (sign.input), as the project `cryptography` ships them


def sign_input() -> list[tuple[bytes, bytes, bytes, bytes]]:
    """Seed, public key, message, signature."""
    with cryptography_vectors.open_vector_file("asymmetric/Ed25519/sign.input", "r") as lines:
        rows = [[bytes.fromhex(column) for column in line.split(":")[:4]] for line in lines]
    return [(seed[:32], public, message, signed[:64]) for seed, public, message, signed in rows]


def test_ed25519_signs_as_the_reference_does_and_no_key_of_it_is_called_weak():
    rows = sign_input()
    assert len(rows) == 1024
    for seed, public, message, signature in rows:
        key = SoftSigner(seed)
        assert (key.public, key.sign(message)) == (public, signature)
        VerifyKey(public).verify(message, signature)
        assert not is_weak(public)


# --- golang.org/x/mod/sumdb/note, note_test.go: where C2SP's signed-note comes from

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
BY_ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"


def test_peters_secret_key_makes_the_published_note():
    assert sign(TEXT, SoftSigner(b64decode(SECRET)[1:]), "PeterNeumann") == f"{TEXT}\n{BY_PETER}"


@pytest.mark.parametrize("known", [[PETER], [ENOCH], [PETER, ENOCH]])
@pytest.mark.parametrize("lines", [BY_PETER + BY_ENOCH, BY_ENOCH + BY_PETER, BY_PETER + BY_PETER + BY_ENOCH + BY_ENOCH])
def test_a_note_of_two_signers_opens_for_who_knows_one_of_them(known, lines):
    assert open_note(f"{TEXT}\n{lines}", [NoteKey.parse(vkey) for vkey in known]) == TEXT


@pytest.mark.parametrize("vkey", [PETER, ENOCH])
def test_no_part_of_a_published_key_is_a_key_and_none_with_a_letter_moved(vkey):
    parts = [vkey[start:end] for start in range(len(vkey)) for end in range(start + 1, len(vkey) + 1)]
    moved = [vkey[:at] + chr(ord(vkey[at]) + 1) + vkey[at + 1 :] for at in range(len(vkey))]
    for bad in {*parts, *moved} - {vkey}:
        with pytest.raises(BadNote):
            NoteKey.parse(bad)


@pytest.mark.parametrize(
    "vkey",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # wrong length, with adjusted id
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # unknown algorithm, with adjusted id
    ],
)
def test_the_published_bad_keys_are_refused(vkey):
    with pytest.raises(BadNote):
        NoteKey.parse(vkey)


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        TEXT + "\n",
        f"{TEXT}\n{BY_PETER[:-1]}",
        f"\x01{TEXT}\n{BY_PETER}",
        f"{TEXT}\n— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
        f"{TEXT}\n{BY_PETER}Unexpected line.\n",
        f"{TEXT}\n{BY_PETER * 101}",
    ],
)
def test_the_published_malformed_notes_are_refused(note):
    with pytest.raises(BadNote) as refused:
        open_note(note, [NoteKey.parse(PETER)])
    assert refused.type is BadNote


def test_the_published_note_with_a_spoilt_signature_is_not_signed():
    with pytest.raises(NotSigned):
        open_note(f"{TEXT}\n{BY_PETER[:58]}ABCD{BY_PETER[58:]}", [NoteKey.parse(PETER)])


# --- Certificate Transparency, merkle_tree_test: paths in the tree of test_log_formats.LEAVES; leaves counted from one there

A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
PATHS = [
    (1, 1, []),
    (1, 8, [A, B, C]),
    (6, 8, [D, E, ROOTS[4]]),
    (3, 3, [ROOTS[2]]),
    (2, 5, [ROOTS[1], B, D]),
]
CONSISTENT = [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, ROOTS[4]]), (2, 5, [B, D])]


@pytest.fixture
def hashes(tmp_path: Path):
    Log(tmp_path, SoftSigner(bytes(32)), "log").append(lambda first: LEAVES)
    return hashes_of(tmp_path, 8)


@pytest.mark.parametrize(("leaf", "size", "path"), PATHS)
def test_inclusion_paths_are_those_of_certificate_transparency(hashes, leaf, size, path):
    assert [step.hex() for step in inclusion(leaf - 1, size, hashes)] == path
    assert root_of(leaf - 1, size, hashes(0, leaf - 1), [bytes.fromhex(step) for step in path]).hex() == ROOTS[size]


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENT)
def test_consistency_proofs_are_those_of_certificate_transparency(hashes, old, new, proof):
    assert [step.hex() for step in consistency(old, new, hashes)] == proof
    check_consistency(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), [bytes.fromhex(step) for step in proof])


# --- RFC 8785: §3.2.2, §3.2.3 and Appendix B

NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


def double(bits: str) -> float:
    return struct.unpack(">d", bytes.fromhex(bits))[0]


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_are_written_as_in_appendix_b(bits, text):
    assert rfc8785.dumps(double(bits)).decode() == text
    assert float(text) == double(bits)


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_what_is_no_number_is_refused(bits):
    with pytest.raises(rfc8785.CanonicalizationError):
        rfc8785.dumps(double(bits))


def test_the_example_of_the_rfc_is_written_so():
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\nA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert rfc8785.dumps(value).decode() == expected


def test_names_are_sorted_by_utf_16_units_as_in_the_rfc():
    names = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    written = rfc8785.dumps(names).decode()
    order = sorted(names.values(), key=written.index)
    assert [name.split()[0] for name in order] == ["Carriage", "One", "Control", "Latin", "Euro", "Emoji:", "Hebrew"]
    assert '"\\r":"Carriage Return"' in written


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**64])
def test_integers_that_a_double_does_not_hold_are_refused(number):
    assert rfc8785.dumps([2**53 - 1, 1 - 2**53]) == b"[9007199254740991,-9007199254740991]"
    with pytest.raises(rfc8785.CanonicalizationError):
        rfc8785.dumps(number)
