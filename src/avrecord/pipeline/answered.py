"""What the bureau signed and left in the object store, opened: by whom it is, and that it is what its name says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from avrecord.errors import BadInput, ConfigError, ObjectMissing
from avrecord.pipeline.kit import Kit
from avrecord.seal import sshsig
from avrecord.vault.objects import Objects

LARGEST = 4 << 20  # bytes: a receipt names a few thousand clips at most


@dataclass(frozen=True, slots=True)
class Opened:
    """The content, its armoured signature, and the one line of the key that made it."""

    content: bytes
    signature: bytes
    key: str


def opened(objects: Objects, key: str, what: str, namespace: str, kit: Kit) -> Opened:
    """An object named by its digest and signed beside it (`.sig`) for one purpose by `sync.bureau_key`. `what`: in Chinese.

    Raises BadInput, ConfigError, StoreProblem.
    """
    public, line = bureau_key(kit)
    content, name = objects.get(key, LARGEST), key.rpartition("/")[2]
    digest = name.rpartition(".")[0].rpartition("-")[2]
    if hashlib.sha256(content).hexdigest() != digest:
        raise BadInput(path=name, detail=f"{what} {digest[:12]} 的内容与名称不符")
    try:
        armoured = objects.get(f"{key}.sig", LARGEST)
        seal = sshsig.parse(armoured.decode("utf-8", "replace"))
    except (ObjectMissing, sshsig.Malformed) as error:
        raise BadInput(path=name, detail=f"{what} {digest[:12]} 没有签名，或签名不成样子") from error
    hashed = hashlib.new(seal.hash_name.decode(), content).digest()
    if seal.public != public or not sshsig.verify(seal, hashed, namespace.encode()):
        raise BadInput(path=name, detail=f"{what} {digest[:12]} 不是 sync.bureau_key 的签名")
    return Opened(content, armoured, line)


def bureau_key(kit: Kit) -> tuple[bytes, str]:
    """The key that signs for the bureau, and its one line. Raises ConfigError."""
    line = sshsig.bare_line(kit.settings.sync.bureau_key)
    try:
        return sshsig.public_of(line), line
    except sshsig.Malformed as error:
        detail = "sync.bureau_key 不是 OpenSSH 的 Ed25519 公钥" if line else "没有设置市局的公钥（sync.bureau_key）"
        raise ConfigError(path=kit.root / "station.toml", detail=detail) from error
