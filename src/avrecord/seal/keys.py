"""The station's keys: one job each. The clip key signs clips, the log key nothing but its own checkpoints,
the witness key nothing but cosignatures on the checkpoints of other logs.

A raw Ed25519 signature over arbitrary bytes could pass as a checkpoint, so the log key is reachable
only through `Log`, which signs what it has compared with its last.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from avrecord import durable
from avrecord.errors import KeyProblem
from avrecord.seal import keyfile, minisign, sshsig
from avrecord.seal.note import COSIGNATURE, ED25519, BadNote, NoteKey
from avrecord.seal.signer import Signer, SoftSigner

ROLES = ("clip", "log", "witness")
PUBLIC = {"clip": "clip.pub", "log": "log.vkey", "witness": "witness.vkey"}
RETIRED_LOG, SIGNERS = "log.retired", "allowed_signers"
Passphrase = Callable[[], bytes | None]


@dataclass(frozen=True, slots=True)
class Sealer:
    """Makes seals with the station's clip key."""

    station: str
    key: Signer

    @property
    def public(self) -> bytes:
        return self.key.public

    @property
    def key_id(self) -> str:
        return key_id(self.public)

    @property
    def public_line(self) -> str:
        """The clip key as one line of OpenSSH's public key format."""
        return sshsig.public_line(self.public, self.station)

    def seal(self, digest: bytes) -> str:
        """The armoured SSHSIG over a clip's SHA-256."""
        return sshsig.sign(self.key, digest)

    def endorse(self, public_line: str) -> str:
        """The armoured SSHSIG over the next clip key's public line, so that a rotation is the old key's word."""
        return sshsig.sign(self.key, endorsed_digest(public_line), sshsig.KEY_NAMESPACE)

    def sign_receipt(self, content: bytes, namespace: str) -> str:
        """The armoured SSHSIG over a receipt: its purpose stands in it, so that it can never pass as a clip's seal."""
        return sshsig.sign(self.key, hashlib.sha256(content).digest(), namespace.encode())

    def minisign(self, content: bytes, comment: str) -> str:
        """The minisign signature over a bag's tag manifest."""
        return minisign.sign(self.key, content, comment)


@dataclass(frozen=True, slots=True)
class Keys:
    """The signing keys of a station, as loaded from its `keys/` folder."""

    sealer: Sealer
    log: Signer
    witness: Signer
    origin: str
    retired_logs: tuple[NoteKey, ...] = ()
    """Log keys of earlier: they signed the older checkpoints."""


def key_id(public: bytes) -> str:
    """OpenSSH's fingerprint (`SHA256:…`) of an Ed25519 public key."""
    blob = base64.b64decode(sshsig.public_line(public, "").split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def endorsed_digest(public_line: str) -> bytes:
    """What an endorsement signs: the SHA-256 of the new key's public line."""
    return hashlib.sha256(public_line.encode()).digest()


def origin_of(station: str) -> str:
    """The log's name (C2SP: a schema-less URL): it stands in each checkpoint."""
    return f"avrecord.log/{station}"


def witness_name(station: str) -> str:
    """The name under which a station cosigns the logs of others."""
    return f"avrecord.witness/{station}"


def public_text(role: str, station: str, public: bytes) -> str:
    """A public key as its users read it: an OpenSSH line for clips, a vkey for log and witness."""
    if role == "clip":
        return sshsig.public_line(public, station)
    if role == "log":
        return NoteKey(origin_of(station), public, ED25519).vkey
    return NoteKey(witness_name(station), public, COSIGNATURE).vkey


def create(folder: Path, station: str, passphrase: bytes | None = None) -> None:
    """Make the keys, and what others need to verify: `allowed_signers`, `clip.pub`, `log.vkey`, `witness.vkey`."""
    durable.make_folder(folder)
    folder.chmod(0o700)
    for role in ROLES:
        path = folder / f"{role}.key"
        if path.exists():
            raise KeyProblem(path=path, detail="已存在，不会覆盖")
        key = SoftSigner.generate()
        keyfile.write(path, role, key, passphrase)
        publish(folder, station, role, key.public)


def publish(folder: Path, station: str, role: str, public: bytes) -> None:
    """Write the public half where others find it. Earlier keys stay listed: what they signed stays signed."""
    text = f"{public_text(role, station, public)}\n"
    path = folder / PUBLIC[role]
    before = path.read_text("ascii") if path.exists() else ""
    if role == "log" and before and before != text:
        kept = (folder / RETIRED_LOG).read_text("ascii") if (folder / RETIRED_LOG).exists() else ""
        if before not in kept:
            durable.replace_with(folder / RETIRED_LOG, (kept + before).encode())
    if role == "clip":
        lines = (folder / SIGNERS).read_text("ascii") if (folder / SIGNERS).exists() else ""
        line = sshsig.allowed_signer(station, public)
        if line not in lines:
            durable.replace_with(folder / SIGNERS, (lines + line).encode())
    durable.replace_with(path, text.encode())


def load(folder: Path, station: str, passphrase: Passphrase = keyfile.passphrase_from_environment) -> Keys:
    """Read the keys. Raises KeyProblem when one is missing, malformed or readable by others.

    A key under a passphrase or in a token is opened at its first signature.
    """
    ask = _once(passphrase)
    clip, log, witness = (keyfile.read(folder / f"{role}.key", role, announced(folder, role), ask) for role in ROLES)
    return Keys(Sealer(station, clip), log, witness, origin_of(station), retired_logs(folder))


def public_in(role: str, text: str) -> bytes:
    """The inverse of `public_text`. Raises ValueError for another form, or a weak key."""
    if role == "clip":
        return sshsig.public_of(text)
    return NoteKey.parse(text, COSIGNATURE if role == "witness" else ED25519).public


def announced(folder: Path, role: str) -> bytes | None:
    """The public key that lies beside a private one; None when it is not there or not readable."""
    try:
        return public_in(role, (folder / PUBLIC[role]).read_text("ascii"))
    except (OSError, ValueError):
        return None


def retired_logs(folder: Path) -> tuple[NoteKey, ...]:
    """Log keys of earlier, oldest first. Raises KeyProblem when the list is not readable."""
    path = folder / RETIRED_LOG
    if not path.exists():
        return ()
    try:
        return tuple(NoteKey.parse(line) for line in path.read_text("ascii").splitlines())
    except (OSError, BadNote, ValueError) as error:
        raise KeyProblem(path=path, detail="读不出") from error


def protect(folder: Path, old: Passphrase, new: bytes | None) -> list[str]:
    """Put the key files under a passphrase, or take it off (`new` None); return the roles. Tokens are left alone.

    Every key is opened before the first file is written: a wrong passphrase changes nothing. What a crash left under
    the new passphrase is opened with that, so that the same command run again completes it. Raises KeyProblem.
    """
    if waiting := next(folder.glob("*.next.key"), None):
        raise KeyProblem(path=waiting, detail="有一次换钥尚未完成，请先运行任一命令打开采集站使其完成")
    opened, ask = {}, _once(old)
    for role in ROLES:
        key = _with_either(folder / f"{role}.key", role, ask, new)
        if isinstance(key, SoftSigner):
            opened[role] = key
    for role, key in opened.items():
        keyfile.write(folder / f"{role}.key", role, key, new)
    return list(opened)


def _with_either(path: Path, role: str, old: Passphrase, new: bytes | None) -> Signer:
    try:
        return keyfile.read(path, role, None, old)
    except KeyProblem:
        if new is None:
            raise
        return keyfile.read(path, role, None, lambda: new)


def _once(passphrase: Passphrase) -> Passphrase:
    """A passphrase that is asked for once, when first needed."""
    got: list[bytes | None] = []

    def ask() -> bytes | None:
        if not got:
            got.append(passphrase())
        return got[0]

    return ask
