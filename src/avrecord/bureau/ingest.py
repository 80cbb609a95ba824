"""Taking a station's published log in: nothing is believed before it is proved to go on from what was seen.

A published log is the station's `log/` and `attachments/` as they lie in the store, written by somebody else, perhaps half.
What was seen is the witness's own state: the checkpoint that this bureau cosigned last. It is durable before the cosignature
leaves, and the index only ever follows it, so that no crash makes the bureau believe two pasts.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol

from avrecord import durable
from avrecord.errors import BytesMissing, LogBroken, StationFrozen
from avrecord.model.statement import AttachmentsLost, Statement
from avrecord.seal import note, tiles
from avrecord.seal.codec import decode
from avrecord.seal.merkle import CompactRange, leaf_hash
from avrecord.seal.note import LARGEST_CHECKPOINT, BadNote, Checkpoint, NoteKey
from avrecord.seal.proof import consistency, hashes_of, peaks
from avrecord.seal.witness import Request, Witness
from avrecord.store.projection import project
from avrecord.vault.attachments import Attachments

LOST = f'"{AttachmentsLost.kind}"'.encode()
AT_ONCE = 500  # statements projected in one transaction
Outcome = Literal["new", "same", "behind", "waiting"]
"""`behind`: an older state of the same log, a late copy or a station that was restored. `waiting`: for an attachment."""


class Index(Protocol):
    """What a log is projected into: the rows of one station."""

    def row(self, query: str, **values: object) -> dict[str, Any] | None: ...

    def writing(self) -> AbstractContextManager[Callable[..., None]]: ...


@dataclass(frozen=True, slots=True)
class Published:
    """One station's files as they came."""

    station: str
    log: Path
    attachments: Attachments
    keys: Sequence[NoteKey]
    """The log's public keys, now and earlier, as a person trusted them; never one that came with the files."""

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.keys[0].name


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one round came to. `size`: leaves that are believed; `indexed`: leaves in the index."""

    outcome: Outcome
    size: int
    indexed: int
    cosignature: str = ""
    waits_for: str = ""


class NotArrived(Exception):
    """An attachment that a leaf names is not in the store yet. The leaf waits, and so does all behind it."""


def ingest(published: Published, index: Index, witness: Witness, folder: Path) -> Ingested:
    """Prove, cosign and index what is new. Running it again, or at the same time, changes nothing.

    `folder` keeps what must not be forgotten of this station. Raises StationFrozen for a log that does not go on from what was
    seen (and from then on until a person lifts it), LogBroken for files that do not fit their own checkpoint yet.
    """
    durable.make_folder(folder)
    with durable.locked(folder / ".lock"):
        _assert_not_frozen(published, folder)
        signed, now = _checkpoint(published)
        last = witness.last(published.origin)
        seen = last or Checkpoint(published.origin, 0, CompactRange().root())
        if now.size < seen.size:
            _assert_earlier(published, signed, now, seen, witness, folder)
            return Ingested("behind", seen.size, size_of(index))
        proof = _proved(published, signed, now, seen, witness, folder)
        line = _cosign(Request(seen.size, tuple(proof), signed), witness)
        if now.size > seen.size:
            durable.append_to(folder / "seen", f"{now.size} {base64.b64encode(now.root).decode()}\n".encode())
        before = size_of(index)
        waits_for = _project(published, now.size, index)
        outcome: Outcome = "waiting" if waits_for else "same" if before == now.size else "new"
        return Ingested(outcome, now.size, size_of(index), line, waits_for)


def lift(published: Published, folder: Path, by: str) -> None:
    """A person has looked at both texts: go on with the log as it was seen. What was kept stays, under who lifted it."""
    with durable.locked(folder / ".lock"):
        times = len(list(folder.glob("lifted-*.frozen.reason")))
        # The reason last: a crash before that leaves the station frozen.
        for name in ("frozen.seen", "frozen.found", "frozen.reason"):
            if (folder / name).exists():  # a crash may have left a part of them moved
                durable.rename_new(folder / name, folder / f"lifted-{times + 1}-{by}.{name}")
        durable.sync_folder(folder)


def _assert_not_frozen(published: Published, folder: Path) -> None:
    if (why := folder / "frozen.reason").exists():
        raise StationFrozen(station=published.station, detail=why.read_text("utf-8").strip(), path=folder)


def _checkpoint(published: Published) -> tuple[str, Checkpoint]:
    """The published checkpoint, signed by the trusted key. Raises LogBroken for none, or one of another key."""
    try:
        signed = durable.read_small(published.log / "checkpoint", LARGEST_CHECKPOINT).decode("utf-8")
        return signed, Checkpoint.parse(note.open_note(signed, list(published.keys)))
    except (OSError, UnicodeDecodeError) as error:
        raise LogBroken(index=0, detail="没有检查点，或读不出") from error
    except BadNote as error:
        raise LogBroken(index=0, detail=f"检查点没有本局信任的日志公钥的签名（{error}）") from error


def _assert_earlier(published: Published, signed: str, now: Checkpoint, seen: Checkpoint, witness: Witness, folder: Path) -> None:
    """A smaller log must be the beginning of the one that was seen: else the station went on from an old image.

    Only the leaves that were seen prove that it is not: they must give the root that was seen and, before that, another root
    than the one that is signed now. Files that do not even give the first say nothing about the station. Raises LogBroken.
    """
    if _kept_root(folder, now.size) == now.root:
        return
    whole, before = CompactRange(), b""
    for at, entry in tiles.entries(published.log, 0, seen.size, seen.size):
        before = whole.root() if at == now.size else before
        whole.append(leaf_hash(entry))
    if whole.root() != seen.root:
        raise LogBroken(index=now.size, detail="文件不全或被改动，不能判断这份较旧的检查点")
    if before != now.root:
        _freeze(published, signed, seen, witness, folder, f"见过 {seen.size} 条，现在只有 {now.size} 条，而且不是其中的开头")


def _proved(published: Published, signed: str, now: Checkpoint, seen: Checkpoint, witness: Witness, folder: Path) -> list[bytes]:
    """The consistency proof from what was seen, once the leaves themselves are there and give the checkpoint's root.

    The old peaks come from the files, too, and must give the root that was seen; the new leaves on top of them must give
    the new one. Files that fit neither prove nothing about the station: LogBroken, and the next round asks again.
    """
    if now.size == seen.size and now.root != seen.root:
        _freeze(published, signed, seen, witness, folder, f"两份检查点都是 {now.size} 条，根却不同")
    hashes = hashes_of(published.log, now.size)
    whole = CompactRange(seen.size, peaks(seen.size, hashes))
    if whole.root() != seen.root:
        if _differs(published.log, seen, now):
            _freeze(published, signed, seen, witness, folder, f"前 {seen.size} 条与以前见过的不同")
        raise LogBroken(index=0, detail="哈希瓦片与检查点不符（上传未完，或文件被改动）")
    for _, entry in tiles.entries(published.log, seen.size, now.size, now.size):
        whole.append(leaf_hash(entry))
    if whole.root() != now.root:
        raise LogBroken(index=seen.size, detail="记录与检查点的根不符（上传未完，或文件被改动）")
    if now.size == seen.size or seen.size == 0:
        return []
    return consistency(seen.size, now.size, hashes)


def _differs(log: Path, seen: Checkpoint, now: Checkpoint) -> bool:
    """Whether the leaves prove it: they give the root that is signed now, and not the one that was signed before."""
    whole = CompactRange()
    before = b""
    for at, entry in tiles.entries(log, 0, now.size, now.size):
        before = whole.root() if at == seen.size else before
        whole.append(leaf_hash(entry))
    before = before or whole.root()
    return whole.root() == now.root and before != seen.root


def _cosign(request: Request, witness: Witness) -> str:
    """The witness decides once more, under its own lock: it remembers, whatever this process believes."""
    reply = witness.add(request.text)
    if reply.status != 200:
        raise LogBroken(index=request.old, detail=f"见证未予签名（{reply.status} {reply.body.strip()[:100]}）")
    return reply.body


def _kept_root(folder: Path, size: int) -> bytes | None:
    """The root that this bureau saw at a size, if it ever did."""
    with suppress(FileNotFoundError):
        for line in (folder / "seen").read_text("ascii").splitlines():
            at, _, root = line.partition(" ")
            if at == str(size):
                return base64.b64decode(root)
    return None


def _project(published: Published, size: int, index: Index) -> str:
    """Index what is believed and not indexed yet; what it waits for, or nothing."""
    lost: frozenset[str] | None = None
    while (first := size_of(index)) < size:
        with index.writing() as run:
            for at, entry in tiles.entries(published.log, first, min(size, first + AT_ONCE), size):
                try:
                    rows = _rows(decode(entry, at), published.attachments, lost or frozenset(), index)
                except NotArrived as error:
                    if lost is not None:
                        return f"第 {at} 条的附件 {error}"
                    lost = _lost(published.log, first, size)  # once a round, and only where something is waited for
                    break
                for query, values in rows:
                    run(query, **values)
    return ""


def _lost(log: Path, first: int, size: int) -> frozenset[str]:
    """What the station says further on in its log that it does not have any more."""
    said = (decode(entry, at).body for at, entry in tiles.entries(log, first, size, size) if LOST in entry)
    return frozenset(digest for body in said if isinstance(body, AttachmentsLost) for digest in body.digests)


def _rows(
    statement: Statement, attachments: Attachments, lost: frozenset[str], index: Index
) -> list[tuple[str, dict[str, object]]]:
    """What one statement writes, wholly or not at all. Raises NotArrived for what may still come."""
    rows: list[tuple[str, dict[str, object]]] = []

    def note_down(query: str, **values: object) -> None:
        rows.append((query, values))

    def fetch(digest: str) -> bytes:
        try:
            return attachments.get(digest)
        except BytesMissing as error:
            if digest in lost or index.row("is_lost", digest=digest):
                raise  # the leaf is indexed without what only this could give
            raise NotArrived(digest[:12]) from error

    project(note_down, statement, fetch)
    return rows


def size_of(index: Index) -> int:
    """Leaves that an index reflects."""
    row = index.row("projected")
    return int(row["size"]) if row else 0


def _freeze(published: Published, signed: str, seen: Checkpoint, witness: Witness, folder: Path, detail: str) -> NoReturn:
    """Keep both signed texts, then the reason, durably; raise StationFrozen. The two texts are proof that anybody can check."""
    durable.replace_with(folder / "frozen.seen", witness.last_text(seen.origin).encode())
    durable.replace_with(folder / "frozen.found", signed.encode())
    durable.replace_with(folder / "frozen.reason", f"{detail}\n".encode())
    raise StationFrozen(station=published.station, detail=detail, path=folder)
