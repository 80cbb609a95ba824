"""封存: a seal is an OpenSSH signature that stock ssh-keygen checks on the clip itself."""

from __future__ import annotations

import base64
import hashlib
import struct
import subprocess
from pathlib import Path

import pytest
from making import KEY, OTHER_KEY
from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_scalar_add,
    crypto_core_ed25519_scalar_mul,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_ed25519_base_noclamp,
)
from nacl.signing import VerifyKey

from avrecord.seal import sshsig
from avrecord.seal.verify import Span, check_seal
from conftest import pattern

DIGEST = hashlib.sha256(b"footage").digest()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A sealed file with its signature and the auditor's list of allowed keys beside it."""
    path = tmp_path / "090000.mp4"
    path.write_bytes(pattern(300_000))
    path.with_suffix(".mp4.sig").write_text(sshsig.sign(KEY, hashlib.sha256(path.read_bytes()).digest()))
    (tmp_path / "allowed_signers").write_text(sshsig.allowed_signer("station-01", KEY.public))
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


def test_a_signature_over_sha512_as_ssh_keygen_makes_it_unasked_is_read_with_its_own_digest_only(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"footage")
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "clip@avrecord", path]
    subprocess.run(sign, check=True, capture_output=True)
    seal = sshsig.parse(path.with_suffix(".mp4.sig").read_text())
    digest = hashlib.sha512(b"footage").digest()
    assert seal.hash_name == b"sha512"
    assert sshsig.verify(seal, digest)
    assert not sshsig.verify(seal, DIGEST)
    assert not sshsig.verify(seal, digest[:32])
    assert not sshsig.verify(seal, b"")
    renamed = sshsig.Seal(seal.public, seal.namespace, seal.signature, b"sha256")
    assert not sshsig.verify(renamed, digest)
    assert not sshsig.verify(renamed, DIGEST)
    found = check_seal(path.with_suffix(".mp4.sig").read_text(), DIGEST, 5, {seal.public: Span()}, "clip.mp4")
    assert found is not None
    assert (found.code, "SHA-256" in found.detail) == ("BAD_SIGNATURE", True)  # a seal of ours is over SHA-256


def test_a_hash_that_the_format_does_not_know_never_verifies():
    seal = sshsig.parse(sshsig.sign(KEY, DIGEST))
    assert not sshsig.verify(sshsig.Seal(seal.public, seal.namespace, seal.signature, b"sha1"), DIGEST)


def test_ssh_keygen_passes_over_the_reserved_field_and_we_do_not(clip):
    """No signature covers it: taken as it comes, one seal would have any number of texts."""
    blob = blob_of(clip.with_suffix(".mp4.sig").read_text())
    clip.with_suffix(".mp4.sig").write_text(
        armoured(blob.replace(string(b"") + string(b"sha256"), string(b"x") + string(b"sha256")))
    )
    assert ssh_keygen_accepts(clip)
    with pytest.raises(sshsig.Malformed, match="reserved"):
        sshsig.parse(clip.with_suffix(".mp4.sig").read_text())


def test_a_signature_without_a_purpose_is_neither_made_nor_read():
    with pytest.raises(ValueError, match="purpose"):
        sshsig.sign(KEY, DIGEST, b"")
    blob = blob_of(sshsig.sign(KEY, DIGEST, b"file"))
    with pytest.raises(sshsig.Malformed, match="namespace"):
        sshsig.parse(armoured(blob.replace(string(b"file"), string(b""))))


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
    blob = blob_of(sshsig.sign(KEY, DIGEST)).replace(KEY.public, OTHER_KEY.public)
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


def test_a_key_of_mixed_order_never_verifies():
    """One signature in eight under such a key passes where the cofactor is left out, and all where it is not."""
    torsion = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    mixed = crypto_core_ed25519_add(KEY.public, torsion)
    forged = signed_under(mixed)
    blob = sshsig.MAGIC + string(sshsig.NAMESPACE) + string(b"") + string(b"sha256") + string(DIGEST)
    VerifyKey(mixed).verify(blob, forged)
    assert not sshsig.verify(sshsig.Seal(mixed, sshsig.NAMESPACE, forged), DIGEST)


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
        pytest.param(lambda blob: blob.replace(b"sha256", b"sha384"), id="another hash"),
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


def signed_under(public: bytes) -> bytes:
    """A signature by KEY's secret under KEY's key plus a point of order eight: the challenge is drawn until eight divides it."""
    message = sshsig.MAGIC + string(sshsig.NAMESPACE) + string(b"") + string(b"sha256") + string(DIGEST)
    half = bytearray(hashlib.sha512(KEY.seed).digest()[:32])
    half[0], half[31] = half[0] & 248, half[31] & 63 | 64
    secret = crypto_core_ed25519_scalar_reduce(bytes(half) + bytes(32))
    for number in range(1, 1000):
        nonce = crypto_core_ed25519_scalar_reduce(number.to_bytes(64, "little"))
        commitment = crypto_scalarmult_ed25519_base_noclamp(nonce)
        challenge = crypto_core_ed25519_scalar_reduce(hashlib.sha512(commitment + public + message).digest())
        if challenge[0] % 8 == 0:
            return commitment + crypto_core_ed25519_scalar_add(nonce, crypto_core_ed25519_scalar_mul(challenge, secret))
    raise AssertionError("no challenge is divisible by eight")


def _stray(text: str) -> str:
    """The next letter before the padding: the same bytes, written in another way."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    end = text.index("=")
    return text[: end - 1] + alphabet[alphabet.index(text[end - 1]) + 1] + text[end:]
