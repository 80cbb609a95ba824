"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), Ed25519 signatures (type 0x01)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

ED25519 = b"\x01"
SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")


class BadNote(ValueError):
    """The text is not a signed note, or no known key signed it, or a known key's signature fails."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verifier key: a name and an Ed25519 public key. `vkey` is its one-line text."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that, with the name, say which key a signature line means."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> NoteKey:
        """Read a `name+id+key` line. Raises BadNote when the id does not follow from the key."""
        name, _, rest = vkey.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        blob = canonical_base64(encoded)
        if len(blob) != 33 or blob[:1] != ED25519:
            raise BadNote("not an Ed25519 verifier key")
        key = cls(name, blob[1:])
        if key.id.hex() != key_id or not name:
            raise BadNote("key id does not match the key")
        return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """检查点: the log's origin, its size and the root hash of a tree of that size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a checkpoint body. Raises BadNote for leading zeros, extensions or a bad root."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0] or not re.fullmatch(r"0|[1-9]\d*", lines[1]):
            raise BadNote("not a checkpoint")
        root = canonical_base64(lines[2])
        if len(root) != 32:
            raise BadNote("root hash has not 32 bytes")
        return cls(lines[0], int(lines[1]), root)


def sign(text: str, key: SigningKey, name: str) -> str:
    """The note: its text, an empty line, one signature line."""
    signer = NoteKey(name, bytes(key.verify_key))
    payload = signer.id + key.sign(text.encode()).signature
    return f"{text}\n— {name} {base64.b64encode(payload).decode()}\n"


def open_note(note: str, keys: list[NoteKey]) -> str:
    """The note's text, when at least one of `keys` signed it.

    Unknown signatures are passed over. A known key whose signature fails rejects the whole note.
    """
    if any(ord(c) < 0x20 and c != "\n" for c in note) or not note.endswith("\n"):
        raise BadNote("control characters, or no newline at the end")
    at = note.rfind("\n\n")
    if at < 0:
        raise BadNote("no signatures")
    text, good = note[: at + 1], 0
    for line in note[at + 2 : -1].split("\n"):
        good += _check_line(line, text, keys)
    if not good:
        raise BadNote("no known key signed it")
    return text


def _check_line(line: str, text: str, keys: list[NoteKey]) -> bool:
    found = SIGNATURE.fullmatch(line)
    if not found:
        raise BadNote("malformed signature line")
    payload = canonical_base64(found[2])
    for key in keys:
        if (key.name, key.id) != (found[1], payload[:4]):
            continue
        try:
            VerifyKey(key.public).verify(text.encode(), payload[4:])
        except (BadSignatureError, ValueError) as error:
            raise BadNote(f"signature of {key.name} does not match") from error
        return True
    return False


def canonical_base64(text: str) -> bytes:
    """Decode, and refuse the aliases that Python accepts (`AB==` for `AA==`)."""
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("bad base64") from error
    if base64.b64encode(blob).decode() != text:
        raise BadNote("base64 is not canonical")
    return blob


def uint16(value: int) -> bytes:
    """Big-endian, as entry bundles (tlog-tiles) prefix each entry."""
    return struct.pack(">H", value)
