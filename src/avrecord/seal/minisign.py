"""minisign signatures (prehashed form `ED`, BLAKE2b-512): for small files such as a bag's tag manifest.

https://jedisct1.github.io/minisign: an untrusted comment, the signature, a trusted comment that says
what was signed, and a signature over both.
"""

from __future__ import annotations

import base64
import hashlib

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from avrecord.seal.note import BadNote, canonical_base64

PREHASHED, PUBLIC = b"ED", b"Ed"
UNTRUSTED = "untrusted comment: signature by avrecord"


class BadSignature(ValueError):
    """The text is no minisign signature of this form, or not by this key over this content."""


def key_number(public: bytes) -> bytes:
    """Eight bytes that name a key. minisign draws them by chance; ours follow from the key."""
    return hashlib.sha256(public).digest()[:8]


def public_text(public: bytes) -> str:
    """A public key file, as `minisign -p` reads it."""
    encoded = base64.b64encode(PUBLIC + key_number(public) + public).decode()
    return f"untrusted comment: minisign public key {key_number(public)[::-1].hex().upper()}\n{encoded}\n"


def sign(key: SigningKey, content: bytes, comment: str) -> str:
    """The signature file over `content`. `comment` is signed too: one line that says what this is."""
    if "\n" in comment:
        raise ValueError("a trusted comment is one line")
    signature = key.sign(hashlib.blake2b(content).digest()).signature
    both = key.sign(signature + comment.encode()).signature
    first = base64.b64encode(PREHASHED + key_number(bytes(key.verify_key)) + signature).decode()
    return f"{UNTRUSTED}\n{first}\ntrusted comment: {comment}\n{base64.b64encode(both).decode()}\n"


def verify(public: bytes, content: bytes, text: str) -> str:
    """The trusted comment, when `public` signed `content` and it. Raises BadSignature."""
    lines = text.split("\n")
    if len(lines) != 5 or lines[4] or not lines[0].startswith("untrusted comment: "):
        raise BadSignature("not four lines")
    if not lines[2].startswith("trusted comment: "):
        raise BadSignature("no trusted comment")
    comment = lines[2].removeprefix("trusted comment: ")
    try:
        blob, both = canonical_base64(lines[1]), canonical_base64(lines[3])
        if blob[:10] != PREHASHED + key_number(public) or len(blob) != 74:
            raise BadSignature("another key, or another form")
        VerifyKey(public).verify(hashlib.blake2b(content).digest(), blob[10:])
        VerifyKey(public).verify(blob[10:] + comment.encode(), both)
    except (BadNote, BadSignatureError, ValueError) as error:
        raise BadSignature(str(error)) from error
    return comment
