"""The receipt that comes back: signed by the receiving side, over exactly the bytes that this station wrote."""

from __future__ import annotations

import hashlib
from pathlib import Path

from avrecord.durable import read_small
from avrecord.errors import BadInput
from avrecord.ledger.receipt import NAMESPACE
from avrecord.model.statement import ArchiveReceived
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, state
from avrecord.seal import minisign, sshsig
from avrecord.store.sqlite import Row

LARGEST = 64 << 10  # bytes; a receipt has about 1,000


def receive_receipt(path: Path, key: Path, by: str, kit: Kit) -> tuple[Row, bool]:
    """Check a receipt's signature (`<file>.minisig` or `<file>.sig`) and state it; False when it was stated before.

    Raises BadInput: not a receipt of this station, changed, without a signature, or not signed by this key.
    """
    catch_up(kit)
    content = _read(path)
    row = kit.store.row("archive_by_receipt", receipt=hashlib.sha256(content).hexdigest())
    if row is None:
        raise BadInput(path=path, detail="不是本站开出的归档回执，或内容被改动")
    line = _read(key).decode("utf-8", "replace").strip()
    signature, public = _signed(path, content, key, line)
    attached = kit.attachments.put(signature)
    if row["received_seq"] is not None and (row["received_key"], row["signature"]) == (public, attached):
        return row, False
    body = ArchiveReceived(
        unit=row["unit"], year=row["year"], bag=row["bag"], receipt=row["receipt"], signature=attached, key=public
    )
    state(kit, [body], by)
    return row, True


def _signed(path: Path, content: bytes, key: Path, line: str) -> tuple[bytes, str]:
    """The signature's bytes and the public key's one line. Raises BadInput."""
    if line.startswith("ssh-"):
        signature = _signature(path.with_name(path.name + ".sig"))
        try:
            _check_ssh(content, signature.decode("utf-8", "replace"), sshsig.public_of(line))
        except sshsig.Malformed as error:
            raise BadInput(path=key, detail="不是 Ed25519 的 OpenSSH 公钥，或签名文件不成样子") from error
        except minisign.BadSignature as error:
            raise BadInput(path=path, detail="回执的签名不符，或签名的不是这把公钥") from error
        return signature, sshsig.bare_line(line)
    signature = _signature(path.with_name(path.name + ".minisig"))
    try:
        public = minisign.PublicKey.parse(line)
        minisign.verify(public, content, signature.decode("utf-8", "replace"))
    except minisign.BadKey as error:
        raise BadInput(path=key, detail="不是 minisign 或 OpenSSH（Ed25519）的公钥") from error
    except minisign.BadSignature as error:
        raise BadInput(path=path, detail="回执的签名不符，或签名的不是这把公钥") from error
    return signature, line.split("\n")[-1]


def _check_ssh(content: bytes, text: str, public: bytes) -> None:
    seal = sshsig.parse(text)
    digest = hashlib.new(seal.hash_name.decode(), content).digest()
    if seal.public != public or not sshsig.verify(seal, digest, NAMESPACE.encode()):
        raise minisign.BadSignature("another key, purpose or content")


def _signature(path: Path) -> bytes:
    try:
        return read_small(path, LARGEST)
    except OSError as error:
        raise BadInput(path=path, detail="签名文件不在或读不出，应与回执放在一起") from error


def _read(path: Path) -> bytes:
    try:
        return read_small(path, LARGEST)
    except OSError as error:
        raise BadInput(path=path, detail="不在或读不出") from error
