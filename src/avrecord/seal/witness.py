"""见证: somebody else who keeps the largest consistent checkpoint of a log and cosigns it (C2SP tlog-witness).

The same text travels over HTTP or on a USB stick: `old <size>`, proof hashes, an empty line, the
checkpoint. Checking and storing are one step under a lock, and the state is durable before the
answer leaves, or two racing requests could roll it back. A witness that lost its state is retired,
not restarted.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from avrecord import durable
from avrecord.seal import note, tiles
from avrecord.seal.merkle import EMPTY_ROOT
from avrecord.seal.note import BadNote, Checkpoint, NoteKey, NotSigned, canonical_base64, tree_size
from avrecord.seal.proof import LONGEST_PATH, BadProof, check_consistency
from avrecord.seal.signer import Signer

SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness answers: an HTTP status, the body, and its media type."""

    status: int
    body: str
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Request:
    """An `add-checkpoint` request."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        lines = [f"old {self.old}", *(base64.b64encode(step).decode() for step in self.proof)]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> Request:
        """Raises BadProof or BadNote for anything but the specified form."""
        head, gap, checkpoint = text.partition("\n\n")
        first, *rest = head.split("\n")
        if not gap or not first.startswith("old "):
            raise BadProof("no old size")
        old = tree_size(first.removeprefix("old "))
        proof = tuple(canonical_base64(line) for line in rest)
        if len(proof) > LONGEST_PATH or any(len(step) != tiles.HASH for step in proof):
            raise BadProof("hashes")
        return cls(old, proof, checkpoint)


class Witness:
    """One witness over any number of logs. Its state is one file per log: the note it last cosigned."""

    def __init__(self, folder: Path, key: Signer, name: str, logs: list[NoteKey], clock: Callable[[], int]) -> None:
        self._folder, self._key, self._name, self._logs, self._clock = folder, key, name, logs, clock
        durable.make_folder(folder)

    @property
    def verifier(self) -> NoteKey:
        """What others need to check this witness's cosignatures."""
        return NoteKey(self._name, self._key.public, note.COSIGNATURE)

    def last(self, origin: str) -> Checkpoint | None:
        """The checkpoint last cosigned for a log."""
        path = self._path(origin)
        return Checkpoint.claimed(path.read_text("utf-8")) if path.exists() else None

    def last_text(self, origin: str) -> str:
        """The signed text of it, with the cosignature; empty for a log that was never seen."""
        path = self._path(origin)
        return path.read_text("utf-8") if path.exists() else ""

    def add(self, text: str) -> Reply:
        """Answer an `add-checkpoint` request; the statuses are the specification's."""
        try:
            request = Request.parse(text)
            origin = request.checkpoint.partition("\n")[0]
        except (BadProof, BadNote) as error:
            return Reply(400, f"{error}\n")
        keys = [key for key in self._logs if key.name == origin]
        if not keys:
            return Reply(404, "unknown log\n")
        try:
            body = note.open_note(request.checkpoint, keys)
            checkpoint = Checkpoint.parse(body)
        except NotSigned as error:
            return Reply(403, f"{error}\n")
        except BadNote as error:
            return Reply(400, f"{error}\n")
        if request.old > checkpoint.size:
            return Reply(400, "old size is larger than the checkpoint's\n")
        with durable.locked(self._folder / ".lock"):
            return self._decide(request, checkpoint, body)

    def _decide(self, request: Request, checkpoint: Checkpoint, body: str) -> Reply:
        """Under the lock: compare with the state, store, cosign."""
        last = self.last(checkpoint.origin)
        if request.old != (last.size if last else 0):
            return Reply(409, f"{last.size if last else 0}\n", SIZE_TYPE)
        try:
            if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
                raise BadProof("an empty tree has the empty root")
            check_consistency(request.old, checkpoint.size, last.root if last else EMPTY_ROOT, checkpoint.root, request.proof)
        except BadProof as error:
            return Reply(422, f"{error}\n")
        line = note.cosign(body, self._key, self._name, self._clock())
        durable.replace_with(self._path(checkpoint.origin), (request.checkpoint + line).encode())
        return Reply(200, line)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"
