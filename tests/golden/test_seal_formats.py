"""A known key gives known bytes: whoever writes another verifier gets the same ones.

The key is that of RFC 8032 §7.1, test 1. A change here is a change of the format, not of a test.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import subprocess

from avrecord.seal import keys, sshsig
from avrecord.seal.note import Checkpoint, NoteKey, open_note, sign
from avrecord.seal.signer import SoftSigner

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
KEY = SoftSigner(SEED)
HELLO = hashlib.sha256(b"hello\n").digest()
ORIGIN = "avrecord.log/station-01"

SEAL = """\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg11qYAYKxCrfVS/7TyWQHOg7hcvPapiMl
rwIaaPcHURoAAAANY2xpcEBhdnJlY29yZAAAAAAAAAAGc2hhMjU2AAAAUwAAAAtzc2gtZWQyNTUx
OQAAAEDwTn72+BiLIs3QM5CIaRX88ggHI0FAtekZOUbyqKyRBo8x8D6L07jFmB9gXwRnEyIgHb4P
HgH7/xRyrfrBrDoC
-----END SSH SIGNATURE-----
"""
CHECKPOINT = """\
avrecord.log/station-01
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

— avrecord.log/station-01 qkVO4ZJUrZQVdSVxCJ9hOm+c3k+VEMiPUTtruDuWGyacU7+KYo8BOyauP8KavA+vPNVkCm2r6TmWjO+L8VfMUH89OgA=
"""
VKEY = "avrecord.log/station-01+aa454ee1+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
OPENSSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
"""The example in the documentation of golang.org/x/mod/sumdb/note, from which the C2SP format comes."""


def string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def openssh_private_key() -> str:
    """The known key as OpenSSH keeps it (PROTOCOL.key), unencrypted."""
    public = string(b"ssh-ed25519") + string(PUBLIC)
    private = bytes(8) + public + string(SEED + PUBLIC) + string(b"known")
    private += bytes(range(1, 1 + -len(private) % 8))
    blob = b"openssh-key-v1\0" + string(b"none") + string(b"none") + string(b"") + struct.pack(">I", 1) + string(public)
    text = base64.encodebytes(blob + string(private)).decode()
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}-----END OPENSSH PRIVATE KEY-----\n"


def blob_of(armoured: str) -> bytes:
    return base64.b64decode("".join(armoured.splitlines()[1:-1]))


def test_the_key_is_the_one_of_the_rfc():
    half, other = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    )
    assert KEY.public == PUBLIC
    assert KEY.sign(b"").hex() == half + other


def test_a_seal_is_these_bytes():
    assert sshsig.sign(KEY, HELLO) == SEAL


def test_ssh_keygen_signs_the_same_bytes_with_the_same_key(tmp_path):
    """Ed25519 knows no chance: two programs that agree on the format give one signature."""
    (tmp_path / "key").write_text(openssh_private_key())
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "clip").write_bytes(b"hello\n")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", "key", "-n", "clip@avrecord", "-O", "hashalg=sha256", "clip"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert blob_of((tmp_path / "clip.sig").read_text()) == blob_of(SEAL)


def test_a_seal_of_these_bytes_is_read():
    seal = sshsig.parse(SEAL)
    assert (seal.public, seal.namespace) == (PUBLIC, b"clip@avrecord")
    assert sshsig.verify(seal, HELLO)


def test_a_key_has_these_names():
    assert sshsig.public_line(PUBLIC, "station-01") == f"{OPENSSH} station-01"
    assert keys.key_id(PUBLIC) == "SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8"
    assert NoteKey(ORIGIN, PUBLIC).vkey == VKEY


def test_an_allowed_signer_is_allowed_clips_and_nothing_else():
    assert sshsig.allowed_signer("station-01", PUBLIC) == f'station-01 namespaces="clip@avrecord" {OPENSSH} station-01\n'


def test_a_checkpoint_is_these_bytes():
    root = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    assert sign(Checkpoint(ORIGIN, 8, root).text, KEY, ORIGIN) == CHECKPOINT


def test_a_checkpoint_of_these_bytes_is_read():
    assert Checkpoint.parse(open_note(CHECKPOINT, [NoteKey.parse(VKEY)])).size == 8


def test_a_note_that_gos_library_signed_is_read():
    assert open_note(PETERS_NOTE, [NoteKey.parse(PETER)]).startswith("If you think cryptography")


def test_a_verifier_key_that_gos_library_made_is_read():
    key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert (NoteKey.parse(key).name, NoteKey.parse(key).vkey) == ("sum.golang.org", key)
