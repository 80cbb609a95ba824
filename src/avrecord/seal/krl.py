"""OpenSSH key revocation lists (OpenSSH `PROTOCOL.krl`): which keys `ssh-keygen -Y verify -r` must refuse.

A KRL knows no log position and no witness: it refuses everything that a revoked key ever signed. What
still counts under a witness's older cosignature only `avrecord verify` can say.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from avrecord.seal.sshsig import ALGORITHM

MAGIC = b"SSHKRL\n\0"
FORMAT = 1
EXPLICIT_KEY = 2


def krl(publics: Iterable[bytes], version: int, generated: int, comment: str) -> bytes:
    """An unsigned KRL that revokes these 32-byte Ed25519 keys.

    `version`: the key list's; `generated`: Unix seconds. OpenSSH asks that keys are sorted.
    """
    head = MAGIC + struct.pack(">IQQQ", FORMAT, version, generated, 0) + _string(b"") + _string(comment.encode())
    blobs = sorted(_string(ALGORITHM) + _string(public) for public in publics)
    return head + (bytes([EXPLICIT_KEY]) + _string(b"".join(_string(blob) for blob in blobs)) if blobs else b"")


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value
