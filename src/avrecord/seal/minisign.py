"""minisign signatures (prehashed form `ED`, BLAKE2b-512): for small files such as a bag's tag manifest.

https://jedisct1.github.io/minisign: an untrusted comment, the signature, a trusted comment that says
what was signed, and a signature over both.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from avrecord.seal.note import BadNote, canonical_base64, is_weak
from avrecord.seal.signer import Signer

PREHASHED, LEGACY, PUBLIC = b"ED", b"Ed", b"Ed"
COMMENT, TRUSTED = "untrusted comment: ", "trusted comment: "
UNTRUSTED = f"{COMMENT}signature by avrecord"


class BadSignature(ValueError):
    """The text is no minisign signature of this form, or not by this key over this content."""


class BadKey(ValueError):
    """The text is no minisign public key, or one that no signature should be trusted under."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key with the eight bytes by which signatures name it; minisign draws them by chance."""

    number: bytes
    public: bytes

    @classmethod
    def of(cls, public: bytes) -> PublicKey:
        """A key of ours: its number follows from it."""
        return cls(key_number(public), public)

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read a public key file (a comment and one line), or that line alone as `minisign -P` takes it. Raises BadKey."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) > 2 or (len(lines) == 2 and not lines[0].startswith(COMMENT)):
            raise BadKey("not a comment and a key")
        try:
            blob = canonical_base64(lines[-1])
        except BadNote as error:
            raise BadKey(str(error)) from error
        if len(blob) != 42 or blob[:2] != PUBLIC:
            raise BadKey("not an Ed25519 key")
        if is_weak(blob[10:]):
            raise BadKey("weak key")
        return cls(blob[2:10], blob[10:])

    @property
    def text(self) -> str:
        """The public key file, as `minisign -p` reads it."""
        encoded = base64.b64encode(PUBLIC + self.number + self.public).decode()
        return f"{COMMENT}minisign public key {int.from_bytes(self.number, 'little'):X}\n{encoded}\n"


def key_number(public: bytes) -> bytes:
    """Eight bytes that name a key of ours."""
    return hashlib.sha256(public).digest()[:8]


def public_text(public: bytes) -> str:
    """The public key file of a key of ours."""
    return PublicKey.of(public).text


def sign(key: Signer, content: bytes, comment: str) -> str:
    """The signature file over `content`. `comment` is signed too: one line that says what this is."""
    if "\n" in comment or "\r" in comment:
        raise ValueError("a trusted comment is one line")
    signature = key.sign(hashlib.blake2b(content).digest())
    both = key.sign(signature + comment.encode())
    first = base64.b64encode(PREHASHED + key_number(key.public) + signature).decode()
    return f"{UNTRUSTED}\n{first}\n{TRUSTED}{comment}\n{base64.b64encode(both).decode()}\n"


def verify(key: PublicKey, content: bytes, text: str) -> str:
    """The trusted comment, when `key` signed `content` and it. Raises BadSignature.

    The legacy form (`Ed`, over the bytes themselves) is refused: such a signature over chosen bytes could
    be a checkpoint's, a witness's or an SSH signature at the same time.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 4 or not lines[0].startswith(COMMENT):
        raise BadSignature("not four lines")
    if not lines[2].startswith(TRUSTED):
        raise BadSignature("no trusted comment")
    comment = lines[2].removeprefix(TRUSTED)
    try:
        blob, both = canonical_base64(lines[1]), canonical_base64(lines[3])
        if len(blob) != 74 or len(both) != 64:
            raise BadSignature("not a signature's length")
        if blob[:2] == LEGACY:
            raise BadSignature("legacy form: signed without hashing (minisign -l)")
        if blob[:2] != PREHASHED:
            raise BadSignature("unknown form")
        if blob[2:10] != key.number:
            raise BadSignature("another key")
        if is_weak(key.public):
            raise BadSignature("weak key")
        VerifyKey(key.public).verify(hashlib.blake2b(content).digest(), blob[10:])
        VerifyKey(key.public).verify(blob[10:] + comment.encode(), both)
    except (BadNote, BadSignatureError, UnicodeError) as error:
        raise BadSignature(str(error)) from error
    return comment
