"""What was about to be stated when the power went. One small file per clip between vault and log.

A clip is placed in the vault before the log speaks of it, so that no statement is ever without its
bytes. The intent, durable before the clip has its name, lets the next start finish the sentence.
Nothing else may bring a file that merely lies in the vault into the log: that would make an intruder's
file evidence.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from avrecord import durable
from avrecord.errors import AvrecordError, NameTaken
from avrecord.model.clip import ClipId
from avrecord.model.statement import KINDS, Body, Statement, Taken
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.seal.codec import LARGEST, decode, encode
from avrecord.store import documents
from avrecord.vault.readback import read_back

ENDING = ".intent"
INTAKE_LOCK = ".intake.lock"


def keep(kit: Kit, body: Taken) -> None:
    """Write down what will be stated of a clip, durably."""
    content = json.dumps({"kind": body.kind} | asdict(body), ensure_ascii=False)
    durable.replace_with(_path(kit, body.clip), content.encode())


def forget(kit: Kit, bodies: Iterable[Body]) -> None:
    """Remove the intents of what has been stated."""
    for body in bodies:
        if isinstance(body, Taken):
            _path(kit, body.clip).unlink(missing_ok=True)


def recover(kit: Kit) -> list[Taken]:
    """State what a crash left unstated; return it. Run before anything new is taken.

    What belongs to a process that still runs is left to it: two that state one clip would double it.
    """
    with healed(kit) as stated:
        return stated


@contextmanager
def healed(kit: Kit) -> Iterator[list[Taken]]:
    """Hold the intake, with nothing left unstated; yields what was stated to get there."""
    with durable.locked(kit.vault.incoming / INTAKE_LOCK):
        yield _recover(kit)


def arriving_at(incoming: Path) -> set[str]:
    """Where clips lie that a process at work has placed and not yet stated, by their intents. A dead one's do not count."""
    bodies = [
        _read(path) for path in incoming.glob(f"*{ENDING}") if durable.is_alive(path.name.removesuffix(ENDING).rpartition(".")[2])
    ]
    return {body.stored for body in bodies if body}


def _recover(kit: Kit) -> list[Taken]:
    finished = []
    _sweep(kit)
    for path in sorted(kit.vault.incoming.glob(f"*{ENDING}")):
        if durable.is_alive(path.name.removesuffix(ENDING).rpartition(".")[2]):
            continue
        body = _read(path)
        if body and kit.records.clip(ClipId(body.clip)) is None and _was_docked(body, kit) and _is_there(body, kit):
            kit.vault.finish(body.stored, kit.sealer.seal(ClipId(body.clip).digest))
            finished.append(body)
        # Otherwise: stated already, not ours, or never renamed; then the card still holds the bytes.
        else:
            _drop(path)
    state(kit, finished)
    for body in finished:
        for path in kit.vault.incoming.glob(f"{body.clip}.*{ENDING}"):
            _drop(path)
    return finished


def _sweep(kit: Kit) -> None:
    """Remove what a dead process was writing aside: the log's folders are published, half a tile has no place there."""
    places = kit.vault.incoming.glob, kit.attachments.root.glob, kit.log.folder.rglob
    for leftover in [path for look in places for path in look(f".*{durable.LEFTOVER}")]:
        if not durable.is_alive(leftover.name.removesuffix(durable.LEFTOVER).split(".")[-2]):
            leftover.unlink(missing_ok=True)


def _drop(path: Path) -> None:
    """Remove an intent; what is no file is not ours and stays."""
    with suppress(IsADirectoryError, PermissionError):
        path.unlink(missing_ok=True)


def _was_docked(body: Taken, kit: Kit) -> bool:
    """Whether the log knows the docking, and its manifest this file: a forged intent has neither."""
    row = kit.store.row("one_docking", docking=body.docking)
    if row is None:
        return False
    try:
        files = documents.read_manifest(kit.attachments.get(row["manifest"]))
        return (base64.b64decode(body.path_raw), body.size) in {(file.path, file.size) for file in files}
    except (AvrecordError, ValueError):
        return False


def _is_there(body: Taken, kit: Kit) -> bool:
    """Whether the clip lies where its intent says, with the bytes that it says."""
    try:
        final = kit.vault.path(body.stored)
        return final.is_file() and not final.is_symlink() and read_back(final)[0] == body.clip
    except (NameTaken, OSError):
        return False


def _read(path: Path) -> Taken | None:
    """An intent as a body, checked like a leaf; None for anything that is not one."""
    try:
        with durable.open_regular(path) as file:
            fields = json.loads(file.read(LARGEST))
        kind = KINDS[fields.pop("kind")]
        body = decode(encode(Statement(station="", seq=0, at="", by="", body=kind(**fields))), 0).body
        ClipId(body.clip) if isinstance(body, Taken) else None
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError, AvrecordError):
        return None  # replace_with makes half an intent impossible; this one is not ours
    return body if isinstance(body, Taken) else None


def _path(kit: Kit, clip: str) -> Path:
    return kit.vault.incoming / f"{clip}.{durable.owner()}{ENDING}"
