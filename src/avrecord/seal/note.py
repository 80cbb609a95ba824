"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

Where the texts leave room, Go's golang.org/x/mod/sumdb/note decides: the format comes from there.

Signature types: 0x01 Ed25519 over the text, 0x04 Ed25519 over a time and the text (a cosignature).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from avrecord.seal.signer import Signer

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
NAME = re.compile(r"[^\s+]+")
SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
LARGEST_CHECKPOINT = 1 << 16
"""Bytes of a signed one that is fetched from elsewhere; ours have 300, with a hundred signatures 15,000."""
LARGEST_TREE = 1 << 63
"""Leaves: as far as a path of 63 hashes reaches, and no proof may be longer."""
MOST_SIGNATURES = 100


class BadNote(ValueError):
    """The text is not a signed note, or it is not signed as it should be."""


class NotSigned(BadNote):
    """A well-formed note that no known key signed, or one on which a known key's signature fails."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verifier key: a name, an Ed25519 public key and what it signs. `vkey` is its one-line text."""

    name: str
    public: bytes
    kind: bytes = ED25519

    @property
    def id(self) -> bytes:
        """Four bytes that, with the name, say which key a signature line means."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.kind + self.public).decode()}"

    @classmethod
    def parse(cls, vkey: str, kind: bytes = ED25519) -> NoteKey:
        """Read a `name+id+key` line of a key of this kind. Raises BadNote when the id does not follow from the key, or the
        key is one of the weak points that any signature fits."""
        name, _, rest = vkey.removesuffix("\n").partition("+")
        key_id, _, encoded = rest.partition("+")
        blob = canonical_base64(encoded)
        if len(blob) != 33 or blob[:1] != kind:
            raise BadNote("not an Ed25519 verifier key of this kind")
        key = cls(name, blob[1:], kind)
        if key.id.hex() != key_id or not NAME.fullmatch(name):
            raise BadNote("key id does not match the key")
        if is_weak(key.public):
            raise BadNote("weak key")
        return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """检查点: the log's origin, its size and the root hash of a tree of that size.

    Ours have no extension lines; those of other logs may, and a cosignature covers them.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a checkpoint body. Raises BadNote for leading zeros, empty lines or a bad root."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise BadNote("not a checkpoint")
        root = canonical_base64(lines[2])
        if len(root) != 32:
            raise BadNote("root hash has not 32 bytes")
        return cls(lines[0], tree_size(lines[1]), root, tuple(lines[3:]))

    @classmethod
    def claimed(cls, signed: str) -> Checkpoint:
        """What a signed note speaks of, whoever signed it: `open_note` decides whether that is believed. Raises BadNote."""
        return cls.parse(signed.rpartition("\n\n")[0] + "\n")


def tree_size(text: str) -> int:
    """A tree's size, or a leaf's index, from its decimal digits. Raises BadNote for any other way to write it."""
    if not SIZE.fullmatch(text) or int(text) > LARGEST_TREE:
        raise BadNote(f"not a tree size: {text[:20]!r}")
    return int(text)


def sign(text: str, key: Signer, name: str) -> str:
    """The note: its text, an empty line, one signature line."""
    if not text.endswith("\n") or not NAME.fullmatch(name):
        raise BadNote("a text without newline at its end, or a name with spaces")
    signer = NoteKey(name, key.public)
    payload = signer.id + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(payload).decode()}\n"


def open_note(note: str, keys: list[NoteKey]) -> str:
    """The note's text, when at least one of `keys` signed it.

    Unknown signatures are passed over: the name and the id must both be a key's. A known key whose signature fails
    rejects the whole note. Raises NotSigned then; BadNote when the text is no note at all.
    """
    text, signatures = _split(note)
    if not list(_verified(text, signatures, keys)):
        raise NotSigned("no known key signed it")
    return text


def is_signed_by(note: str, key: NoteKey) -> bool:
    """Whether this key signed the note."""
    try:
        open_note(note, [key])
    except BadNote:
        return False
    return True


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text, and name and payload (key id and signature) of each line. Raises BadNote for any other form."""
    if any((ord(c) < 0x20 and c != "\n") or "\ud800" <= c <= "\udfff" for c in note) or not note.endswith("\n"):
        raise BadNote("control characters, not UTF-8, or no newline at the end")
    at = note.rfind("\n\n")
    lines = note[at + 2 : -1].split("\n")
    if at < 0 or len(lines) > MOST_SIGNATURES:
        raise BadNote("no signatures, or too many")
    return note[: at + 1], [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    found = SIGNATURE.fullmatch(line)
    payload = canonical_base64(found[2]) if found else b""
    if not found or len(payload) < 5:
        raise BadNote("malformed signature line")
    return found[1], payload


def _verified(text: str, signatures: list[tuple[str, bytes]], keys: list[NoteKey]) -> Iterator[tuple[NoteKey, int]]:
    """The known keys that signed, each with its cosignature's time. Raises NotSigned at the first one that did not."""
    for name, payload in signatures:
        for key in keys:
            if (key.name, key.id) == (name, payload[:4]):
                yield key, _verify(key, text, payload[4:])


def _verify(key: NoteKey, text: str, signature: bytes) -> int:
    """Raises NotSigned unless `key` made this signature; returns a cosignature's time (0 for others)."""
    at, message = 0, text.encode()
    if key.kind == COSIGNATURE:
        if len(signature) != 72:
            raise NotSigned(f"cosignature of {key.name} has not 72 bytes")
        at = int.from_bytes(signature[:8], "big")
        signature, message = signature[8:], _cosigned(at, text)
    try:
        VerifyKey(key.public).verify(message, signature)
    except (BadSignatureError, ValueError) as error:
        raise NotSigned(f"signature of {key.name} does not match") from error
    return at


def cosign(text: str, key: Signer, name: str, at: int) -> str:
    """A cosignature/v1 line: at `at` (Unix seconds) this was the largest consistent tree I saw."""
    witness = NoteKey(name, key.public, COSIGNATURE)
    payload = witness.id + at.to_bytes(8, "big") + key.sign(_cosigned(at, text))
    return f"— {name} {base64.b64encode(payload).decode()}\n"


def cosignatures(note: str, witnesses: list[NoteKey]) -> dict[str, int]:
    """Name → Unix time of each known witness whose cosignature a note carries.

    The earliest time, should one have cosigned twice. A known witness whose cosignature fails rejects the whole note
    (NotSigned). Two witnesses of one name are told apart by asking for each alone.
    """
    text, signatures = _split(note)
    found: dict[str, int] = {}
    for witness, at in _verified(text, signatures, witnesses):
        found[witness.name] = min(at, found.get(witness.name, at))
    return found


def with_line(note: str, line: str) -> str:
    """The note with one more signature line, unless it carries that very line already."""
    return note if line in note else note + line


def _cosigned(at: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def is_weak(public: bytes) -> bool:
    """Whether a public key is of low or mixed order, or not canonical: implementations disagree on those."""
    return len(public) != 32 or not crypto_core_ed25519_is_valid_point(public)


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
