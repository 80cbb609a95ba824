"""Clip seals: OpenSSH signatures over a digest (OpenSSH `PROTOCOL.sshsig`).

The signed bytes hold H(message), so the SHA-256 taken while copying is enough and stock
`ssh-keygen -Y verify` still checks the seal on the video itself.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from avrecord.seal.note import BadNote, canonical_base64, is_weak
from avrecord.seal.signer import Signer

NAMESPACE = b"clip@avrecord"
KEY_NAMESPACE = b"key@avrecord"
"""For the old clip key's word on its successor: a seal over a clip can never pass as one."""
MAGIC = b"SSHSIG"
ALGORITHM = b"ssh-ed25519"
HASH = b"sha256"
DIGEST_BYTES = {HASH: 32, b"sha512": 64}
"""The two hashes of the format; ours is SHA-256, `ssh-keygen -Y sign` takes SHA-512 unless told otherwise."""
HEAD = "-----BEGIN SSH SIGNATURE-----"
TAIL = "-----END SSH SIGNATURE-----"
ARMOUR = re.compile(rf"{HEAD}\n((?:[A-Za-z0-9+/=]+\n)+){TAIL}\n?", re.ASCII)


class Malformed(ValueError):
    """The text is not an SSHSIG with an Ed25519 key, or says something that this product does not know."""


@dataclass(frozen=True, slots=True)
class Seal:
    """封存: a parsed signature. Made by `parse`; only `sign` makes the text of a new one."""

    public: bytes
    namespace: bytes
    signature: bytes
    hash_name: bytes = HASH
    """Of what the signature holds the digest: `sha256` in every seal of ours."""


def sign(key: Signer, digest: bytes, namespace: bytes = NAMESPACE) -> str:
    """The armoured signature over a 32-byte SHA-256 digest, as `ssh-keygen -Y sign -O hashalg=sha256` writes it."""
    if not namespace:
        raise ValueError("a signature has a purpose")
    raw = key.sign(_signed_bytes(digest, namespace, HASH))
    blob = (
        MAGIC
        + struct.pack(">I", 1)
        + _string(_string(ALGORITHM) + _string(key.public))
        + _string(namespace)
        + _string(b"")
        + _string(HASH)
        + _string(_string(ALGORITHM) + _string(raw))
    )
    return f"{HEAD}\n{base64.encodebytes(blob).decode()}{TAIL}\n"


def parse(text: str) -> Seal:
    """Take an armoured signature apart, over either hash. Raises Malformed for what is no Ed25519 SSHSIG.

    The reserved field must be empty: ssh-keygen ignores it and no signature covers it, so it could say anything.
    """
    found = ARMOUR.fullmatch(text)
    if found is None:
        raise Malformed("not an SSH signature")
    encoded = found[1].replace("\n", "")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise Malformed(str(error)) from error
    # b64decode takes more than one text for the same bytes; only the canonical one counts.
    if base64.b64encode(blob).decode() != encoded:
        raise Malformed("base64 is not canonical")
    if blob[:10] != MAGIC + struct.pack(">I", 1):
        raise Malformed("unknown version")
    public, namespace, reserved, hash_name, signature = _strings(blob[10:], 5)
    if not namespace or reserved or hash_name not in DIGEST_BYTES:
        raise Malformed("unknown hash, no namespace, or a reserved field")
    return Seal(_inner(public), namespace, _inner(signature), hash_name)


def verify(seal: Seal, digest: bytes, namespace: bytes = NAMESPACE) -> bool:
    """Whether the seal's own key signed this digest for this purpose. Trust in the key is apart.

    `digest` is that of the seal's own hash; one of another length is simply not what was signed.
    """
    if seal.namespace != namespace or DIGEST_BYTES.get(seal.hash_name) != len(digest):
        return False
    if is_weak(seal.public) or len(seal.signature) != 64:
        return False
    try:
        VerifyKey(seal.public).verify(_signed_bytes(digest, namespace, seal.hash_name), seal.signature)
    except BadSignatureError:
        return False
    return True


def public_line(public: bytes, comment: str) -> str:
    """The key as one line of OpenSSH's public key format."""
    blob = _string(ALGORITHM) + _string(public)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} {comment}"


def public_of(line: str) -> bytes:
    """The 32 bytes behind an OpenSSH public key line. Raises Malformed for another algorithm, or a weak key."""
    words = line.split()
    if len(words) < 2 or words[0].encode() != ALGORITHM:
        raise Malformed("not an ssh-ed25519 key")
    try:
        public = _inner(canonical_base64(words[1]))
    except BadNote as error:
        raise Malformed(str(error)) from error
    if len(public) != 32 or is_weak(public):
        raise Malformed("not a sound Ed25519 key")
    return public


def bare_line(line: str) -> str:
    """A public key's line without its comment: what two lines of one key share."""
    return " ".join(line.split()[:2])


def allowed_signer(identity: str, public: bytes, valid_from: str = "", valid_until: str = "") -> str:
    """One line of an `allowed_signers` file that allows this key for clips and nothing else.

    `valid_from`, `valid_until`: `YYYYMMDDHHMMSSZ`. Without `Z` ssh-keygen would read local time.
    """
    options = [f'namespaces="{NAMESPACE.decode()}"']
    options += [f'valid-after="{valid_from}"'] if valid_from else []
    options += [f'valid-before="{valid_until}"'] if valid_until else []
    return f"{identity} {','.join(options)} {public_line(public, identity)}\n"


def _signed_bytes(digest: bytes, namespace: bytes, hash_name: bytes) -> bytes:
    if len(digest) != DIGEST_BYTES[hash_name]:
        raise ValueError("a SHA-256 digest has 32 bytes, a SHA-512 digest 64")
    return MAGIC + _string(namespace) + _string(b"") + _string(hash_name) + _string(digest)


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _strings(blob: bytes, count: int) -> list[bytes]:
    found, at = [], 0
    for _ in range(count):
        if at + 4 > len(blob):
            raise Malformed("cut short")
        (length,) = struct.unpack_from(">I", blob, at)
        if at + 4 + length > len(blob):
            raise Malformed("cut short")
        found.append(blob[at + 4 : at + 4 + length])
        at += 4 + length
    if at != len(blob):
        raise Malformed("bytes after the end")
    return found


def _inner(blob: bytes) -> bytes:
    algorithm, value = _strings(blob, 2)
    if algorithm != ALGORITHM:
        raise Malformed(f"algorithm {algorithm!r}")
    return value
