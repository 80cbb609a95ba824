"""封存: a seal is an OpenSSH signature that stock ssh-keygen checks on the clip itself."""

from __future__ import annotations

import base64
import hashlib
import struct
import subprocess
from pathlib import Path

import pytest
from making import KEY, OTHER_KEY

from avrecord.seal import sshsig
from conftest import pattern

DIGEST = hashlib.sha256(b"footage").digest()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A sealed file with its signature and the auditor's list of allowed keys beside it."""
    path = tmp_path / "090000.mp4"
    path.write_bytes(pattern(300_000))
    path.with_suffix(".mp4.sig").write_text(sshsig.sign(KEY, hashlib.sha256(path.read_bytes()).digest()))
    (tmp_path / "allowed_signers").write_text(sshsig.allowed_signer("station-01", bytes(KEY.verify_key)))
    return path


def ssh_keygen_accepts(clip: Path, namespace: str = "clip@avrecord", identity: str = "station-01") -> bool:
    command = ["ssh-keygen", "-Y", "verify", "-f", clip.parent / "allowed_signers", "-I", identity, "-n", namespace]
    with clip.open("rb") as content:
        done = subprocess.run([*command, "-s", f"{clip}.sig"], stdin=content, capture_output=True, check=False)
    return done.returncode == 0


def armoured(blob: bytes) -> str:
    return f"{sshsig.HEAD}\n{base64.encodebytes(blob).decode()}{sshsig.TAIL}\n"


def blob_of(text: str) -> bytes:
    return base64.b64decode("".join(text.splitlines()[1:-1]))


def string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def test_ssh_keygen_accepts_our_seal_on_the_clip_itself(clip):
    assert ssh_keygen_accepts(clip)


def test_ssh_keygen_refuses_our_seal_for_another_purpose(clip):
    assert not ssh_keygen_accepts(clip, namespace="file")


def test_ssh_keygen_refuses_our_seal_under_another_stations_name(clip):
    assert not ssh_keygen_accepts(clip, identity="station-02")


def test_ssh_keygen_refuses_a_clip_in_which_one_bit_was_flipped(clip):
    content = bytearray(clip.read_bytes())
    content[150_000] ^= 1
    clip.write_bytes(content)
    assert not ssh_keygen_accepts(clip)


def test_ssh_keygen_refuses_a_seal_by_a_key_that_is_not_the_stations(clip):
    clip.with_suffix(".mp4.sig").write_text(sshsig.sign(OTHER_KEY, hashlib.sha256(clip.read_bytes()).digest()))
    assert not ssh_keygen_accepts(clip)


def test_a_signature_by_ssh_keygen_is_read_and_verified(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    path = tmp_path / "clip.mp4"
    path.write_bytes(pattern(10_000))
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "clip@avrecord", "-O", "hashalg=sha256", path]
    subprocess.run(sign, check=True, capture_output=True)
    seal = sshsig.parse(path.with_suffix(".mp4.sig").read_text())
    assert sshsig.public_line(seal.public, "").split()[1] == (tmp_path / "key.pub").read_text().split()[1]
    assert sshsig.verify(seal, hashlib.sha256(path.read_bytes()).digest())


def test_a_signature_over_sha512_is_not_ours(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"footage")
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "clip@avrecord", "-O", "hashalg=sha512", path]
    subprocess.run(sign, check=True, capture_output=True)
    with pytest.raises(sshsig.Malformed, match="hash"):
        sshsig.parse(path.with_suffix(".mp4.sig").read_text())


def test_a_seal_verifies_for_its_own_digest_and_no_other():
    seal = sshsig.parse(sshsig.sign(KEY, DIGEST))
    assert sshsig.verify(seal, DIGEST)
    assert not sshsig.verify(seal, hashlib.sha256(b"other footage").digest())


def test_a_seal_for_another_namespace_does_not_verify_as_a_clip_seal():
    assert not sshsig.verify(sshsig.parse(sshsig.sign(KEY, DIGEST, b"file")), DIGEST)


def test_a_seal_whose_namespace_was_renamed_does_not_verify():
    blob = blob_of(sshsig.sign(KEY, DIGEST, b"drip@avrecord"))
    renamed = sshsig.parse(armoured(blob.replace(b"drip@", b"clip@")))
    assert renamed.namespace == sshsig.NAMESPACE
    assert not sshsig.verify(renamed, DIGEST)


def test_a_seal_whose_key_was_exchanged_does_not_verify():
    blob = blob_of(sshsig.sign(KEY, DIGEST)).replace(bytes(KEY.verify_key), bytes(OTHER_KEY.verify_key))
    assert not sshsig.verify(sshsig.parse(armoured(blob)), DIGEST)


def test_a_key_or_signature_of_another_length_never_verifies():
    seal = sshsig.parse(sshsig.sign(KEY, DIGEST))
    assert not sshsig.verify(sshsig.Seal(seal.public[:31], seal.namespace, seal.signature), DIGEST)
    assert not sshsig.verify(sshsig.Seal(seal.public, seal.namespace, seal.signature + b"\0"), DIGEST)


def test_a_key_of_low_order_never_verifies():
    """With the neutral element as key, R = B and S = 1 would pass for any message."""
    neutral, generator = bytes([1] + [0] * 31), bytes([0x58] + [0x66] * 31)
    forged = sshsig.Seal(neutral, sshsig.NAMESPACE, generator + bytes([1] + [0] * 31))
    assert not sshsig.verify(forged, DIGEST)


def test_only_a_whole_sha256_digest_is_signed():
    with pytest.raises(ValueError, match="32 bytes"):
        sshsig.sign(KEY, DIGEST[:20])


def test_no_bit_of_a_seals_bytes_can_be_flipped():
    blob = blob_of(sshsig.sign(KEY, DIGEST))
    assert [bit for bit in range(8 * len(blob)) if _accepted(armoured(_flipped(blob, bit)))] == []


def test_no_bit_of_a_seals_letters_can_be_flipped():
    text = sshsig.sign(KEY, DIGEST).encode()
    letters = [8 * at + bit for at, byte in enumerate(text) if byte != 0x0A for bit in range(7)]
    assert [bit for bit in letters if _accepted(_flipped(text, bit).decode())] == []


def test_base64_with_stray_bits_at_its_end_is_refused():
    text = sshsig.sign(KEY, DIGEST, b"clip@avrecord.test")  # a length that needs padding
    stray = _stray(text)
    assert stray != text
    assert blob_of(stray) == blob_of(text)
    with pytest.raises(sshsig.Malformed, match="canonical"):
        sshsig.parse(stray)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda blob: blob + b"\0", id="a byte after the end"),
        pytest.param(lambda blob: blob[:-1], id="cut short"),
        pytest.param(lambda blob: blob[:10], id="nothing but the version"),
        pytest.param(lambda blob: blob[:9] + b"\x02" + blob[10:], id="a newer version"),
        pytest.param(lambda blob: blob.replace(b"sha256", b"sha512"), id="another hash"),
        pytest.param(lambda blob: blob.replace(b"ssh-ed25519", b"ssh-ed25518", 1), id="another key algorithm"),
        pytest.param(lambda blob: blob.replace(string(b"") + string(b"sha256"), string(b"x") + string(b"sha256")), id="reserved"),
        pytest.param(lambda blob: blob[:10] + b"\xff\xff\xff\xff" + blob[14:], id="a length past the end"),
    ],
)
def test_a_seal_of_another_form_is_refused(spoil):
    blob = blob_of(sshsig.sign(KEY, DIGEST))
    assert spoil(blob) != blob
    with pytest.raises(sshsig.Malformed):
        sshsig.parse(armoured(spoil(blob)))


@pytest.mark.parametrize("text", ["", f"{sshsig.HEAD}\n", f"{sshsig.HEAD}\n{sshsig.TAIL}\n", f"BEGIN\nAAAA\n{sshsig.TAIL}\n"])
def test_what_is_no_ssh_signature_is_refused(text):
    with pytest.raises(sshsig.Malformed):
        sshsig.parse(text)


def _flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _accepted(text: str) -> bool:
    try:
        return sshsig.verify(sshsig.parse(text), DIGEST)
    except sshsig.Malformed:
        return False


def _stray(text: str) -> str:
    """The next letter before the padding: the same bytes, written in another way."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    end = text.index("=")
    return text[: end - 1] + alphabet[alphabet.index(text[end - 1]) + 1] + text[end:]
