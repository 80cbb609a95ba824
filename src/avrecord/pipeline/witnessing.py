"""见证, told from both sides: a station asks for a cosignature, another one gives it, the first states it."""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from avrecord import durable
from avrecord.errors import BadInput, LogBehind, UnknownName
from avrecord.model.clip import ClipId
from avrecord.model.moments import from_utc_text, utc_text
from avrecord.model.statement import Anchor, Taken
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.outside import WITNESSED
from avrecord.pipeline.record import state
from avrecord.rules.times import TOLERANCE
from avrecord.seal import note
from avrecord.seal.codec import decode
from avrecord.seal.merkle import CompactRange
from avrecord.seal.note import COSIGNATURE, SIZE, BadNote, Checkpoint, NoteKey
from avrecord.seal.proof import LogProof, consistency, hashes_of, inclusion, peaks
from avrecord.seal.witness import Reply, Request, Witness

TRUST = "trust"  # folder of other stations' public keys, below keys/
PENDING = "pending.checkpoint"
TIMEOUT_S, LARGEST_REPLY = 20, 1 << 16
REFUSED = {
    400: "请求格式不对",
    403: "检查点没有可信的签名",
    404: "对方不认识这个日志，请先让对方用 log trust 登记其公钥",
    409: "对方上次见证的长度与请求不符",
    422: "与上次见证的日志不一致：该日志可能被改动或重建，请保留双方文件并通知审计人员",
}


def request(kit: Kit, old: int | None = None) -> str:
    """The text that asks a witness to cosign the published checkpoint.

    `old` is the size that the witness saw last; by default the largest that any witness cosigned.
    Raises LogBehind when that is more than the log holds: the witness remembers what was cut off.
    The checkpoint asked about is kept until the answer comes, since the log goes on meanwhile.
    """
    signed = kit.log.checkpoint()
    checkpoint = Checkpoint.claimed(signed)
    before = _largest_witnessed(kit) if old is None else old
    if before > checkpoint.size:
        raise LogBehind(seen=before, size=checkpoint.size)
    proof = consistency(before, checkpoint.size, hashes_of(kit.log.folder, checkpoint.size)) if before else []
    durable.make_folder(kit.log.folder / WITNESSED)
    durable.replace_with(kit.log.folder / WITNESSED / PENDING, signed.encode())
    return Request(before, tuple(proof), signed).text


def answer(kit: Kit, text: str) -> Reply:
    """Cosign another log's checkpoint, if it is consistent with the last one seen and its key is trusted."""

    def seconds() -> int:
        return int(kit.clock().timestamp())

    return Witness(kit.root / "witness", kit.witness_key, kit.witness_name, trusted_keys(kit), seconds).add(text)


def last_cosigned(kit: Kit, origin_hash: str) -> str:
    """The checkpoint this station last cosigned for a log, by the hex SHA-256 of its origin; empty when there is none."""
    if not re.fullmatch(r"[0-9a-f]{64}", origin_hash):
        return ""
    path = kit.root / "witness" / f"{origin_hash}.checkpoint"
    return path.read_text("utf-8") if path.exists() else ""


def ask(kit: Kit, url: str, witness: NoteKey, by: str) -> Anchor:
    """Ask a witness over HTTP (`<url>/add-checkpoint`) and state its cosignature.

    A witness that saw another size says which (409); it is asked once more from there. Raises BadInput
    with the witness's answer when it does not cosign, or cannot be reached.
    """
    status, body = _post(url, request(kit))
    if status == 409 and SIZE.fullmatch(body.removesuffix("\n")):
        status, body = _post(url, request(kit, int(body)))
    if status != 200:
        raise BadInput(path=url, detail=f"未予见证（{status}）：{REFUSED.get(status, body[:200])}")
    return accept(kit, body, witness, by)


def _post(url: str, text: str) -> tuple[int, str]:
    if not url.startswith(("http://", "https://")):
        raise BadInput(path=url, detail="见证地址应以 http:// 或 https:// 开头")
    message = urllib.request.Request(f"{url.rstrip('/')}/add-checkpoint", text.encode(), method="POST")  # noqa: S310 - http(s) only, see above
    try:
        with urllib.request.urlopen(message, timeout=TIMEOUT_S) as reply:  # noqa: S310
            return reply.status, reply.read(LARGEST_REPLY).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(LARGEST_REPLY).decode("utf-8", "replace")
    except OSError as error:
        raise BadInput(path=url, detail=f"连不上见证方（{error}）") from error


def accept(kit: Kit, line: str, witness: NoteKey, by: str) -> Anchor:
    """Add a witness's cosignature to the checkpoint it was asked about, and state it as an anchor.

    Raises BadInput when the line is not that witness's cosignature on that checkpoint.
    """
    pending = kit.log.folder / WITNESSED / PENDING
    if not pending.exists():
        raise BadInput(path=pending, detail="没有等待见证的检查点，请先运行 log witness-request")
    return _anchored(kit, note.with_line(pending.read_text("utf-8"), line), witness, by)


def accept_signed(kit: Kit, signed: str, witness: NoteKey, by: str) -> Anchor | None:
    """The same for a cosigned checkpoint that came whole, as the bureau leaves it in the object store.

    It must be of this very log. None, and nothing is stated, when it covers nothing that an earlier anchor does not, beside
    anchors and uploads themselves: each answer would make a new leaf, which would ask for an answer.
    Raises BadInput.
    """
    try:
        checkpoint = Checkpoint.parse(note.open_note(signed, list(kit.log_keys)))
        size = kit.log.size
        if checkpoint.size > size:
            raise LogBehind(seen=checkpoint.size, size=size)
        mine = CompactRange(checkpoint.size, peaks(checkpoint.size, hashes_of(kit.log.folder, size))).root()
    except BadNote as error:
        raise BadInput(path="见证签名", detail=f"不是本站日志的检查点（{error}）") from error
    if mine != checkpoint.root:
        raise BadInput(path="见证签名", detail=f"{checkpoint.size} 条时的根与本站的日志不同")
    before = _largest_witnessed(kit)
    row = kit.store.row("other_leaves", first=before, stop=checkpoint.size)
    return _anchored(kit, signed, witness, by) if row and row["count"] else None


def _anchored(kit: Kit, signed: str, witness: NoteKey, by: str) -> Anchor:
    try:
        times = note.cosignatures(signed, [witness])
        at = times[witness.name]
        checkpoint = Checkpoint.parse(note.open_note(signed, list(kit.log_keys)))
        [line] = [each for each in signed.partition("\n\n")[2].splitlines(keepends=True) if each.startswith(f"— {witness.name} ")]
    except (BadNote, KeyError, ValueError) as error:
        raise BadInput(path="见证签名", detail=f"不是 {witness.name} 对该检查点的签名（{error}）") from error
    _plausible(at, kit, checkpoint.size)
    durable.make_folder(kit.log.folder / WITNESSED)
    path = kit.log.folder / WITNESSED / f"{checkpoint.size}.checkpoint"
    kept = note.with_line(path.read_text("utf-8"), line) if path.exists() else signed
    durable.replace_with(path, kept.encode())
    body = Anchor(
        witness=witness.name,
        witness_key=witness.vkey,
        size=checkpoint.size,
        cosigned_at=utc_text(datetime.fromtimestamp(at, UTC)),
        note=kit.attachments.put(signed.encode()),
    )
    state(kit, [body], by)
    return body


def _plausible(at: int, kit: Kit, size: int) -> None:
    """An anchor stands in the log for ever: a witness whose clock is wrong would make every later clip inconsistent.

    Raises BadInput for a time in the future, or before the checkpoint's own last leaf.
    """
    last = from_utc_text(decode(entry_of(kit, size - 1), size - 1).at) if size else None
    try:
        seen = datetime.fromtimestamp(at, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise BadInput(path="见证签名", detail="见证时间不成样子") from error
    if seen > kit.clock() + TOLERANCE or (last and seen < last - TOLERANCE):
        raise BadInput(path="见证签名", detail=f"见证时间 {utc_text(seen)[:19]}Z 与本站时间相差过大，请先核对双方时钟再重新请求")


def prove(kit: Kit, clip: ClipId) -> tuple[int, str]:
    """Leaf index and `.tlog-proof` text for the statement that sealed a clip.

    The proof leads to the largest cosigned checkpoint that covers the leaf, else to the published one.
    Raises UnknownName when the log seals no such clip.
    """
    index = _leaf_of(kit, clip)
    signed = best_checkpoint(kit, index)
    size = Checkpoint.claimed(signed).size
    return index, LogProof(index, tuple(inclusion(index, size, hashes_of(kit.log.folder, size))), signed).text


def entry_of(kit: Kit, index: int) -> bytes:
    """The stored bytes of one leaf: what a proof is checked against."""
    return next(entry for _, entry in kit.log.entries(index, index + 1))


def trust(kit: Kit, vkey: str) -> str:
    """Keep the public log key of another station, so that this one may witness it; return its name.

    Raises BadInput.
    """
    try:
        key = NoteKey.parse(vkey.strip())
    except BadNote as error:
        raise BadInput(path="公钥", detail=f"不是日志公钥（{error}）") from error
    folder = kit.root / "keys" / TRUST
    durable.make_folder(folder)
    path = folder / f"{hashlib.sha256(key.vkey.encode()).hexdigest()[:16]}.vkey"
    durable.replace_with(path, f"{key.vkey}\n".encode())
    return key.name


def trusted_keys(kit: Kit) -> list[NoteKey]:
    """Public log keys of other stations, as they were trusted by a person."""
    folder = kit.root / "keys" / TRUST
    return list(_keys_in(folder, tuple(sorted(path.name for path in folder.glob("*.vkey")))))


@lru_cache(maxsize=8)
def _keys_in(folder: Path, names: tuple[str, ...]) -> tuple[NoteKey, ...]:
    """A file's name is its key's digest, so the names say what is in them: a bureau of a thousand stations asks for each of
    them in each turn."""
    return tuple(NoteKey.parse((folder / name).read_text("ascii")) for name in names)


def witness_key(vkey: str) -> NoteKey:
    """A witness's public key from its one-line text. Raises BadInput."""
    try:
        return NoteKey.parse(vkey.strip(), COSIGNATURE)
    except BadNote as error:
        raise BadInput(path="公钥", detail=f"不是见证公钥（{error}）") from error


def witnessed_files(kit: Kit) -> list[Path]:
    """Every checkpoint of this log that a witness cosigned, as it was kept, the smallest first."""
    kept = [path for path in (kit.log.folder / WITNESSED).glob("*.checkpoint") if path.stem.isdigit()]
    return sorted(kept, key=lambda path: int(path.stem))


def witnessed(kit: Kit) -> Iterator[tuple[int, str]]:
    """Size (as the checkpoint itself says, not its name) and text of each, the largest first."""
    for path in reversed(witnessed_files(kit)):
        text = path.read_bytes().decode("utf-8", "replace")
        with suppress(BadNote):
            yield Checkpoint.claimed(text).size, text


def _largest_witnessed(kit: Kit) -> int:
    return max((int(path.stem) for path in witnessed_files(kit)), default=0)


def best_checkpoint(kit: Kit, index: int) -> str:
    """The largest cosigned checkpoint that covers a leaf, else the published one."""
    return next((text for size, text in witnessed(kit) if size > index), kit.log.checkpoint())


def _leaf_of(kit: Kit, clip: ClipId) -> int:
    row = kit.store.row("one_clip", clip_id=clip.hex)
    if row is None:
        raise UnknownName(what="片段", name=clip.short)
    index = int(row["seq"])
    body = decode(entry_of(kit, index), index).body  # the log decides, the index only finds
    if not isinstance(body, Taken) or body.clip != clip.hex:
        raise UnknownName(what="片段的封存记录", name=clip.short)
    return index
