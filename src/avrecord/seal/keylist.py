"""密钥表: what an offline root says about everybody's keys. Signed with minisign, so that stock tools check it.

The bytes are RFC 8785 JSON; `docs/formats/key-list.md` gives every field. A reader checks the signature
over the bytes first and parses afterwards, strictly: encoding the parsed list must give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from typing import Any

import rfc8785

from avrecord.model.moments import from_utc_text
from avrecord.model.trust import KeyList, ListedKey, Revocation
from avrecord.seal import minisign, sshsig
from avrecord.seal.codec import typed_fields
from avrecord.seal.note import COSIGNATURE, ED25519, BadNote, NoteKey
from avrecord.seal.signer import Signer

SCHEMA = "avrecord.keylist/1"
KINDS = {"log": ED25519, "witness": COSIGNATURE}


STATION = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
"""A station's id: as in `station.toml`. It begins a line of `allowed_signers`, where `*` would fit everybody."""


class BadKeyList(ValueError):
    """The bytes are no key list, or no trusted root signed them."""


def encode(keys: KeyList) -> bytes:
    """The list's bytes: what is signed and hashed."""
    return rfc8785.dumps({"schema": SCHEMA} | asdict(keys)) + b"\n"


def decode(content: bytes) -> KeyList:
    """Read a list. Raises BadKeyList for anything `encode` would not write, and for keys that are weak or not of their role."""
    try:
        fields = json.loads(content)
        if not isinstance(fields, dict) or fields.pop("schema") != SCHEMA:
            raise BadKeyList("schema")
        fields["keys"] = tuple(_listed(each) for each in fields["keys"])
        found = KeyList(**typed_fields(KeyList, fields))
        if encode(found) != content:
            raise BadKeyList("not canonical")
        for moment in (found.issued, found.expires):
            from_utc_text(moment)
        for key in found.keys:
            public_of(key)
            if not STATION.fullmatch(key.station):
                raise BadKeyList("station")
    except (KeyError, TypeError, ValueError, RecursionError, rfc8785.CanonicalizationError) as error:
        raise BadKeyList(f"不是密钥表（{error}）") from error
    if found.version < 1 or len({(key.role, key.key) for key in found.keys}) != len(found.keys):
        raise BadKeyList("不是密钥表（版本或重复的密钥）")
    return found


def sign(keys: KeyList, root: Signer) -> str:
    """The minisign signature over a list. Its trusted comment says what was signed."""
    content = encode(keys)
    return minisign.sign(root, content, f"avrecord keylist {keys.version} {hashlib.sha256(content).hexdigest()}")


def open_list(content: bytes, signatures: list[str], roots: list[minisign.PublicKey]) -> KeyList:
    """The list, when one of `roots` signed it: by itself, or beside the new root that it names.

    Raises BadKeyList.
    """
    comment = None
    for text in signatures:
        for root in roots:
            try:
                comment = minisign.verify(root, content, text)
            except minisign.BadSignature:
                continue
    if comment is None:
        raise BadKeyList("不是可信的根密钥签名的")
    found = decode(content)
    if comment != f"avrecord keylist {found.version} {hashlib.sha256(content).hexdigest()}":
        raise BadKeyList("签名说的是另一份密钥表")
    return found


def public_of(listed: ListedKey) -> bytes:
    """The 32 bytes of a listed key. Raises ValueError (BadNote, Malformed) for another form, a wrong name or a weak key."""
    if listed.role == "clip":
        return sshsig.public_of(listed.key)
    if listed.role not in KINDS:
        raise BadNote(f"role {listed.role}")
    return NoteKey.parse(listed.key, KINDS[listed.role]).public


def allowed_signers(keys: KeyList) -> str:
    """OpenSSH's `allowed_signers` for all clip keys: each for clips only, with its validity.

    A revoked key stays listed; the KRL refuses it. OpenSSH knows no log position.
    """
    return "".join(
        sshsig.allowed_signer(key.station, public_of(key), _stamp(key.valid_from), _stamp(key.valid_until))
        for key in keys.of("clip")
    )


def _stamp(moment: str | None) -> str:
    return from_utc_text(moment).strftime("%Y%m%d%H%M%SZ") if moment else ""


def _listed(fields: Any) -> ListedKey:
    if not isinstance(fields, dict):
        raise TypeError("a key is an object")
    revoked = fields["revoked"]
    if revoked is not None:
        revoked = Revocation(**typed_fields(Revocation, revoked))
        from_utc_text(revoked.cosigned_before)
    found = ListedKey(**typed_fields(ListedKey, fields | {"revoked": revoked}))
    for moment in (found.valid_from, found.valid_until):
        if moment is not None:
            from_utc_text(moment)
    return found
