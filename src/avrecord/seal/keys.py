"""The station's keys: one job each. The clip key signs clips, the log key nothing but its own checkpoints,
the witness key nothing but cosignatures on the checkpoints of other logs.

A raw Ed25519 signature over arbitrary bytes could pass as a checkpoint, so the log key is reachable
only through `Log`, which signs what it has compared with its last.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from avrecord import durable
from avrecord.errors import KeyProblem
from avrecord.seal import minisign, sshsig
from avrecord.seal.note import COSIGNATURE, NoteKey, canonical_base64

HEADER = "avrecord-key-v1"
ROLES = ("clip", "log", "witness")


@dataclass(frozen=True, slots=True)
class Sealer:
    """Makes seals with the station's clip key."""

    station: str
    key: SigningKey

    @property
    def public(self) -> bytes:
        return bytes(self.key.verify_key)

    @property
    def key_id(self) -> str:
        return key_id(self.public)

    def seal(self, digest: bytes) -> str:
        """The armoured SSHSIG over a clip's SHA-256."""
        return sshsig.sign(self.key, digest)

    def minisign(self, content: bytes, comment: str) -> str:
        """The minisign signature over a bag's tag manifest."""
        return minisign.sign(self.key, content, comment)


@dataclass(frozen=True, slots=True)
class Keys:
    """The signing keys of a station, as loaded from its `keys/` folder."""

    sealer: Sealer
    log: SigningKey
    witness: SigningKey
    origin: str


def key_id(public: bytes) -> str:
    """OpenSSH's fingerprint (`SHA256:…`) of an Ed25519 public key."""
    blob = base64.b64decode(sshsig.public_line(public, "").split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def origin_of(station: str) -> str:
    """The log's name (C2SP: a schema-less URL): it stands in each checkpoint."""
    return f"avrecord.log/{station}"


def witness_name(station: str) -> str:
    """The name under which a station cosigns the logs of others."""
    return f"avrecord.witness/{station}"


def create(folder: Path, station: str) -> None:
    """Make the keys, and what others need to verify: `allowed_signers`, `clip.pub`, `log.vkey`, `witness.vkey`."""
    durable.make_folder(folder)
    folder.chmod(0o700)
    for role in ROLES:
        path = folder / f"{role}.key"
        if path.exists():
            raise KeyProblem(path=path, detail="已存在，不会覆盖")
        key = SigningKey.generate()
        text = f"{HEADER} {role} {base64.b64encode(bytes(key)).decode()}\n"
        durable.replace_with(path, text.encode(), mode=0o600)
    keys = load(folder, station)
    public = keys.sealer.public
    durable.replace_with(folder / "clip.pub", (sshsig.public_line(public, station) + "\n").encode())
    durable.replace_with(folder / "allowed_signers", sshsig.allowed_signer(station, public).encode())
    vkey = NoteKey(keys.origin, bytes(keys.log.verify_key)).vkey
    durable.replace_with(folder / "log.vkey", f"{vkey}\n".encode())
    witness = NoteKey(witness_name(station), bytes(keys.witness.verify_key), COSIGNATURE)
    durable.replace_with(folder / "witness.vkey", f"{witness.vkey}\n".encode())


def load(folder: Path, station: str) -> Keys:
    """Read the keys. Raises KeyProblem when one is missing, malformed or readable by others."""
    clip, log, witness = (_load(folder / f"{role}.key", role) for role in ROLES)
    return Keys(Sealer(station, clip), log, witness, origin_of(station))


def _load(path: Path, role: str) -> SigningKey:
    try:
        mode = path.stat().st_mode
        words = path.read_text("ascii").split()
    except FileNotFoundError as error:
        raise KeyProblem(path=path, detail="文件不存在") from error
    except (OSError, ValueError) as error:
        raise KeyProblem(path=path, detail="读不出") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise KeyProblem(path=path, detail="其他用户可读，权限应为 0600")
    if len(words) != 3 or words[:2] != [HEADER, role]:
        raise KeyProblem(path=path, detail="格式不符")
    try:
        return SigningKey(canonical_base64(words[2]))
    except ValueError as error:
        raise KeyProblem(path=path, detail="格式不符") from error
