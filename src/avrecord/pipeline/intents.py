"""What was about to be stated when the power went. One small file per batch between vault and log.

A clip is placed in the vault before the log speaks of it, so that no statement is ever without its
bytes. The intent, durable before its clips have their names, lets the next start finish the sentence.
Nothing else may bring a file that merely lies in the vault into the log: that would make an intruder's
file evidence.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from avrecord import durable
from avrecord.errors import AvrecordError, NameTaken
from avrecord.model.clip import ClipId
from avrecord.model.statement import KINDS, Statement, Taken
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.seal.codec import LARGEST, decode, encode
from avrecord.store import documents
from avrecord.vault.folder import PART_ENDING, SEAL_ENDING
from avrecord.vault.readback import read_back

ENDING = ".intent"
INTAKE_LOCK = ".intake.lock"
MOST_KEPT = 64 * LARGEST  # a batch has 32 clips


def keep(kit: Kit, bodies: Sequence[Taken]) -> Path:
    """Write down what will be stated of these clips, durably; return the file, to be removed once that is stated."""
    path = kit.vault.incoming / f"{bodies[0].clip}.{durable.owner()}{ENDING}"
    content = json.dumps([{"kind": body.kind} | asdict(body) for body in bodies], ensure_ascii=False)
    durable.replace_with(path, content.encode())
    return path


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
    kept = [path for path in incoming.glob(f"*{ENDING}") if durable.is_alive(_owner(path, ENDING))]
    return {body.stored for path in kept for body in _read(path)}


def _recover(kit: Kit) -> list[Taken]:
    _sweep(kit)
    return finish_left(kit)


def finish_left(kit: Kit) -> list[Taken]:
    """State what lies in the vault by an intent and was never stated; return it. Under the intake lock.

    An intent lives no longer than the lock is held, so whoever holds it finds only those of batches that failed or
    died, whosever they were. One whose bytes cannot be read just now is kept: the next batch asks again.
    """
    finished: dict[str, Taken] = {}
    done: list[Path] = []
    for path in sorted(kit.vault.incoming.glob(f"*{ENDING}")):
        doubtful = False
        for body in _read(path):
            # Otherwise: stated already, not ours, or never renamed; then the card still holds the bytes.
            if kit.records.clip(ClipId(body.clip)) is not None or body.clip in finished or not _was_docked(body, kit):
                continue
            if (there := _is_there(body, kit)) is None:
                doubtful = True
            elif there:
                kit.vault.finish(body.stored, kit.sealer.seal(ClipId(body.clip).digest))
                finished[body.clip] = body
        if not doubtful:
            done.append(path)
    state(kit, finished.values())
    for path in done:
        _drop(path)
    return list(finished.values())


def _owner(path: Path, ending: str) -> str:
    """Whose file it is: the last part of its name before the ending."""
    return path.name.removesuffix(ending).rpartition(".")[2]


def _sweep(kit: Kit) -> None:
    """Remove what a dead process was writing aside: the log's folders are published, half a tile has no place there.

    Half a copy goes, too, and one that nobody placed: the card still holds the bytes.
    """
    for ending in (PART_ENDING, f"{PART_ENDING}{SEAL_ENDING}"):
        for part in kit.vault.incoming.glob(f"*{ending}"):
            if not durable.is_alive(_owner(part, ending)):
                _drop(part)
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


def _is_there(body: Taken, kit: Kit) -> bool | None:
    """Whether the clip lies where its intent says, with the bytes that it says; None where that cannot be read just now."""
    try:
        final = kit.vault.path(body.stored)
        if final.is_symlink() or not final.is_file():
            return False
        return read_back(final)[0] == body.clip
    except (NameTaken, FileNotFoundError):
        return False
    except OSError:
        return None


def _read(path: Path) -> list[Taken]:
    """An intent's bodies, each checked like a leaf; none for anything that is not an intent."""
    try:
        with durable.open_regular(path) as file:
            kept = json.loads(file.read(MOST_KEPT))
        return [_checked(fields) for fields in (kept if isinstance(kept, list) else [kept])]
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError, AvrecordError):
        return []  # replace_with makes half an intent impossible; this one is not ours


def _checked(fields: dict[str, Any]) -> Taken:
    kind = KINDS[fields.pop("kind")]
    body = decode(encode(Statement(station="", seq=0, at="", by="", body=kind(**fields))), 0).body
    if not isinstance(body, Taken):
        raise TypeError(kind)
    ClipId(body.clip)
    return body
