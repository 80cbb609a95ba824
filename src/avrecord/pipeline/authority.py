"""The offline root: a folder on a medium of its own, with the root key and the key list that it signs.

It needs no station. Each change makes a new version of the list; the old versions stay beside it as
`keylist.<version>.json`, so that what was in force when can still be shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from avrecord import durable
from avrecord.errors import BadInput, KeyProblem, UnknownName
from avrecord.model.moments import utc_text
from avrecord.model.trust import KeyList, ListedKey, Revocation
from avrecord.pipeline.keylists import LISTED, ROOT, SIGNATURES, open_signed
from avrecord.seal import keyfile, keylist, keys, minisign, sshsig
from avrecord.seal.keylist import STATION, BadKeyList
from avrecord.seal.krl import krl
from avrecord.seal.note import BadNote
from avrecord.seal.signer import Signer, SoftSigner

ROLE, KEY = "root", "root.key"
EXPORTED = "avrecord.keys/1"
Passphrase = Callable[[], bytes | None]


def init(folder: Path, passphrase: bytes | None, now: datetime, days: int) -> minisign.PublicKey:
    """Make a root: its key, its public key and an empty key list, version 1. Never over an existing one. Raises KeyProblem."""
    if (folder / KEY).exists():
        raise KeyProblem(path=folder / KEY, detail="已存在，不会覆盖")
    durable.make_folder(folder)
    folder.chmod(0o700)
    key = SoftSigner.generate()
    public = minisign.PublicKey.of(key.public)
    keyfile.write(folder / KEY, ROLE, key, passphrase)
    durable.replace_with(folder / ROOT, public.text.encode())
    _publish(folder, KeyList(version=1, issued=utc_text(now), expires=_after(now, days), root=_short(public), keys=()), key)
    return public


def exported(station: str, public: dict[str, str]) -> bytes:
    """What a station hands to the root's keeper: its public keys by role."""
    return json.dumps({"schema": EXPORTED, "station": station, "keys": public}, ensure_ascii=False, indent=1).encode() + b"\n"


def add(folder: Path, files: Iterable[Path], now: datetime, days: int, passphrase: Passphrase) -> KeyList:
    """List the keys that stations exported. What is listed stays: the log's own positions end a key that was replaced.

    Raises BadInput for a file that is no export, KeyProblem when the root cannot sign.
    """
    exports = [_read_export(path) for path in files]
    with _held(folder):
        listed = list(_current(folder).keys)
        for station, public in exports:
            for role, text in public.items():
                key = _name(role, text)
                if not any((each.role, each.key) == (role, key) for each in listed):
                    listed.append(
                        ListedKey(station=station, role=role, key=key, valid_from=utc_text(now), valid_until=None, revoked=None)
                    )
        return _next(folder, tuple(listed), now, days, passphrase)


def revoke(
    folder: Path, key_id: str, cosigned_before: datetime, until_index: int | None, why: str,
    now: datetime, days: int, passphrase: Passphrase,
) -> KeyList:  # fmt: skip
    """Revoke the key with this fingerprint: it counts only under cosignatures dated before the theft.

    Raises UnknownName when no listed key has it.
    """
    word = Revocation(cosigned_before=utc_text(cosigned_before), until_index=until_index, why=why)
    with _held(folder):
        listed = _current(folder).keys
        chosen = _chosen(listed, key_id)
        changed = tuple(replace(key, revoked=word) if key is chosen else key for key in listed)
        return _next(folder, changed, now, days, passphrase)


def end(folder: Path, key_id: str, at: datetime, now: datetime, days: int, passphrase: Passphrase) -> KeyList:
    """Let a listed key count until a day: a station that was given up. Raises UnknownName when no listed key has that id."""
    with _held(folder):
        listed = _current(folder).keys
        chosen = _chosen(listed, key_id)
        changed = tuple(replace(key, valid_until=utc_text(at)) if key is chosen else key for key in listed)
        return _next(folder, changed, now, days, passphrase)


def renew(folder: Path, now: datetime, days: int, passphrase: Passphrase) -> KeyList:
    """The same keys for another while, as a new version."""
    with _held(folder):
        return _next(folder, _current(folder).keys, now, days, passphrase)


def hand_over(old: Path, new: Path, now: datetime, days: int, passphrase: Passphrase, new_passphrase: bytes | None) -> KeyList:
    """Make a new root in `new` that goes on with the list of `old`; both sign the first list of the new one."""
    before = _current(old)
    public = init(new, new_passphrase, now, days)
    following = KeyList(
        version=before.version + 1, issued=utc_text(now), expires=_after(now, days), root=_short(public), keys=before.keys
    )
    _publish(new, following, _signer(new, lambda: new_passphrase), _signer(old, passphrase))
    return following


def write_openssh(found: KeyList, out: Path) -> tuple[Path, Path]:
    """`allowed_signers` and `revoked.krl` from a list that was opened. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    signers, revoked = out / keys.SIGNERS, out / "revoked.krl"
    durable.replace_with(signers, keylist.allowed_signers(found).encode())
    publics = [keylist.public_of(key) for key in found.of("clip") if key.revoked]
    issued = int(datetime.fromisoformat(found.issued).timestamp())
    durable.replace_with(revoked, krl(publics, found.version, issued, f"avrecord keylist {found.version}"))
    return signers, revoked


def fingerprint(listed: ListedKey) -> str:
    """How people name a key: OpenSSH's fingerprint for clips, the vkey's eight hex digits for the others."""
    return keys.key_id(keylist.public_of(listed)) if listed.role == "clip" else listed.key.split("+")[1]


def _next(folder: Path, listed: tuple[ListedKey, ...], now: datetime, days: int, passphrase: Passphrase) -> KeyList:
    before = _current(folder)
    following = replace(before, version=before.version + 1, issued=utc_text(now), expires=_after(now, days), keys=listed)
    _publish(folder, following, _signer(folder, passphrase))
    return following


def _publish(folder: Path, following: KeyList, root: Signer, previous: Signer | None = None) -> None:
    """Signature first, list last: a crash leaves the old list with a signature that does not fit, and `add` is run again."""
    content = keylist.encode(following)
    signatures = [keylist.sign(following, root)] + ([keylist.sign(following, previous)] if previous else [])
    current = folder / LISTED
    if current.exists():
        before = open_signed(current, [_root_of(folder)])
        kept = folder / f"keylist.{before.version}.json"
        durable.replace_with(kept, current.read_bytes())
        for ending in SIGNATURES:  # whoever missed the list that handed over to a new root needs it with its signatures
            if (old := folder / f"{LISTED}{ending}").exists():
                durable.replace_with(kept.with_name(kept.name + ending), old.read_bytes())
    durable.replace_with(folder / f"{LISTED}.new", content)
    for ending, text in zip(SIGNATURES, signatures, strict=False):
        durable.replace_with(folder / f"{LISTED}{ending}", text.encode())
    (folder / f"{LISTED}.new").replace(current)
    durable.sync_folder(folder)


def _current(folder: Path) -> KeyList:
    """The list in force, or the one that a crash left signed and not yet in its place."""
    waiting, current = folder / f"{LISTED}.new", folder / LISTED
    try:
        return open_signed(current, [_root_of(folder)])
    except KeyProblem:
        if not waiting.exists():
            raise
        texts = [(folder / f"{LISTED}{ending}").read_text("utf-8") for ending in SIGNATURES[:1]]
        try:
            found = keylist.open_list(waiting.read_bytes(), texts, [_root_of(folder)])
        except BadKeyList as error:
            raise KeyProblem(path=waiting, detail=str(error)) from error
        waiting.replace(current)
        return found


def _root_of(folder: Path) -> minisign.PublicKey:
    try:
        return minisign.PublicKey.parse((folder / ROOT).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise KeyProblem(path=folder / ROOT, detail="不是根密钥目录（没有根公钥）") from error


def _signer(folder: Path, passphrase: Passphrase) -> Signer:
    return keyfile.read(folder / KEY, ROLE, _root_of(folder).public, passphrase)


def _read_export(path: Path) -> tuple[str, dict[str, str]]:
    try:
        content = json.loads(path.read_bytes())
        if content["schema"] != EXPORTED or set(content["keys"]) != set(keys.ROLES):
            raise ValueError("schema")
        station = str(content["station"])
        if not STATION.fullmatch(station):  # `*` would make an allowed_signers line that fits everybody
            raise ValueError("station")
        for role, text in content["keys"].items():
            if keys.public_text(role, station, keys.public_in(role, text)) != text:
                raise BadNote(role)
        return station, content["keys"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(path=path, detail="不是采集站导出的公钥（keys export）") from error


def _name(role: str, text: str) -> str:
    return sshsig.bare_line(text) if role == "clip" else text


def _chosen(listed: tuple[ListedKey, ...], key_id: str) -> ListedKey:
    chosen = [key for key in listed if fingerprint(key) == key_id]
    if len(chosen) != 1:
        raise UnknownName(what="密钥表中的密钥", name=key_id)
    return chosen[0]


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """One keeper at a time: two lists of one version by the same root are a contradiction that it signed itself."""
    _root_of(folder)
    with durable.locked(folder / ".lock"):
        yield


def _short(public: minisign.PublicKey) -> str:
    return public.text.split("\n")[1]


def _after(now: datetime, days: int) -> str:
    return utc_text(now + timedelta(days=days))
