"""minisign both ways: the tool's keys and signatures are read, ours by the tool, and nothing weaker by either."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from nacl.bindings import crypto_core_ed25519_add

from avrecord.seal import minisign
from avrecord.seal.minisign import BadKey, BadSignature, PublicKey
from avrecord.seal.signer import SoftSigner

KEY = SoftSigner(bytes(range(32)))
OURS = PublicKey.of(KEY.public)
CONTENT = b"manifest\n"

AUTHOR = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
"""The key by which minisign itself is released (https://jedisct1.github.io/minisign)."""
RELEASED = """\
untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==
"""
LEGACY = """\
untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
"""
"""Over the four bytes `test`: the vectors that minisign-verify, by the same author, is tested with."""


def tool(folder: Path, *words: str) -> bool:
    return subprocess.run(["minisign", *words], cwd=folder, input=b"", capture_output=True, check=False).returncode == 0


@pytest.fixture
def made(tmp_path):
    """A key pair of the tool, `p` and `s`, and a file `m` to sign."""
    (tmp_path / "m").write_bytes(CONTENT)
    assert tool(tmp_path, "-G", "-W", "-p", "p", "-s", "s")
    return tmp_path


def test_a_key_and_a_signature_of_the_tool_are_accepted(made):
    assert tool(made, "-S", "-s", "s", "-m", "m", "-t", "案卷 44 号")
    key = PublicKey.parse((made / "p").read_text())
    assert minisign.verify(key, CONTENT, (made / "m.minisig").read_text()) == "案卷 44 号"
    with pytest.raises(BadSignature):
        minisign.verify(key, b"manifest!\n", (made / "m.minisig").read_text())


def test_a_key_and_a_signature_of_ours_are_accepted_by_the_tool(tmp_path):
    (tmp_path / "m").write_bytes(CONTENT)
    (tmp_path / "p").write_text(OURS.text)
    (tmp_path / "m.minisig").write_text(minisign.sign(KEY, CONTENT, "案卷 44 号"))
    assert tool(tmp_path, "-V", "-H", "-p", "p", "-m", "m")
    assert tool(tmp_path, "-V", "-P", OURS.text.split("\n")[1], "-m", "m")
    (tmp_path / "m").write_bytes(CONTENT + b"!")
    assert not tool(tmp_path, "-V", "-p", "p", "-m", "m")


def test_the_comment_of_a_key_file_names_the_key_as_the_tool_does(made):
    text = (made / "p").read_text()
    assert PublicKey.parse(text).text == text
    # One key in sixteen: the tool writes its number without leading zeros.
    short = PublicKey(bytes.fromhex("d9468be664205502"), OURS.public)
    assert short.text.startswith("untrusted comment: minisign public key 2552064E68B46D9\n")


def test_the_published_signature_is_read_and_the_tool_agrees(tmp_path):
    key = PublicKey.parse(AUTHOR)
    assert minisign.verify(key, b"test", RELEASED) == "timestamp:1556193335\tfile:test"
    assert minisign.verify(key, b"test", RELEASED[:-1]) == "timestamp:1556193335\tfile:test"
    with pytest.raises(BadSignature):
        minisign.verify(key, b"Test", RELEASED)
    (tmp_path / "test").write_bytes(b"test")
    (tmp_path / "test.minisig").write_text(RELEASED)
    assert tool(tmp_path, "-V", "-P", AUTHOR, "-m", "test")


def test_the_legacy_form_is_refused_and_the_reason_is_said(tmp_path):
    (tmp_path / "test").write_bytes(b"test")
    (tmp_path / "test.minisig").write_text(LEGACY)
    assert tool(tmp_path, "-V", "-P", AUTHOR, "-m", "test")  # a good signature, of a form that we do not take
    with pytest.raises(BadSignature, match="legacy"):
        minisign.verify(PublicKey.parse(AUTHOR), b"test", LEGACY)


def test_a_signature_that_names_another_key_number_is_refused(made):
    assert tool(made, "-S", "-s", "s", "-m", "m")
    public = PublicKey.parse((made / "p").read_text()).public
    with pytest.raises(BadSignature, match="another key"):
        minisign.verify(PublicKey.of(public), CONTENT, (made / "m.minisig").read_text())


def test_no_byte_of_a_signature_file_can_be_changed_but_in_the_untrusted_comment():
    text = minisign.sign(KEY, CONTENT, "what this is").encode()
    start, accepted = text.index(b"\n"), []
    for at in range(start, len(text)):
        for bit in range(8):
            changed = text[:at] + bytes([text[at] ^ 1 << bit]) + text[at + 1 :]
            try:
                minisign.verify(OURS, CONTENT, changed.decode())
            except (BadSignature, UnicodeDecodeError):
                continue
            accepted.append((at, bit))
    assert accepted == []


@pytest.mark.parametrize("comment", ["two\nlines", "a carriage return\r"])
def test_a_trusted_comment_that_the_tool_would_read_otherwise_is_not_signed(comment):
    with pytest.raises(ValueError, match="one line"):
        minisign.sign(KEY, CONTENT, comment)


def encoded(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


GOOD = b"Ed" + OURS.number + OURS.public
LOW_ORDER = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
MIXED = crypto_core_ed25519_add(OURS.public, LOW_ORDER)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("\n" + encoded(GOOD), id="an empty comment line"),
        pytest.param(f"{encoded(GOOD)}\n{encoded(GOOD)}\n", id="two keys"),
        pytest.param(f"untrusted comment: k\n{encoded(GOOD)}\n\n", id="a third line"),
        pytest.param(f"untrusted comment: k\r\n{encoded(GOOD)}\r\n", id="Windows line ends"),
        pytest.param(f" {encoded(GOOD)}", id="a space"),
        pytest.param(encoded(GOOD[:-1]), id="a byte short"),
        pytest.param(encoded(GOOD + b"\0"), id="a byte too many"),
        pytest.param(encoded(b"ED" + GOOD[2:]), id="a signature's letters"),
        pytest.param(encoded(GOOD[:10] + bytes(32)), id="a key of order four"),
        pytest.param(encoded(GOOD[:10] + bytes([1] + [0] * 31)), id="the neutral element"),
        pytest.param(encoded(GOOD[:10] + LOW_ORDER), id="a key of order eight"),
        pytest.param(encoded(GOOD[:10] + MIXED), id="a key of mixed order"),
        pytest.param(encoded(GOOD[:10] + bytes([0xEE] + [0xFF] * 30 + [0x7F])), id="a key that is not canonical"),
    ],
)
def test_a_public_key_of_another_form_or_a_weak_one_is_refused(text):
    with pytest.raises(BadKey):
        PublicKey.parse(text)


def test_a_signature_under_a_weak_key_is_refused_though_the_equation_holds():
    """With the neutral element as key, R = B and S = 1 passes for every message in some libraries."""
    neutral, any_signature = bytes([1] + [0] * 31), bytes([0x58] + [0x66] * 31) + bytes([1] + [0] * 31)
    key = PublicKey(OURS.number, neutral)
    lines = [minisign.UNTRUSTED, encoded(b"ED" + OURS.number + any_signature), "trusted comment: x", encoded(any_signature), ""]
    with pytest.raises(BadSignature, match="weak"):
        minisign.verify(key, CONTENT, "\n".join(lines))


def test_a_key_of_ours_is_numbered_by_its_own_digest():
    assert OURS.number == hashlib.sha256(OURS.public).digest()[:8]
    assert PublicKey.parse(minisign.public_text(OURS.public)) == OURS
