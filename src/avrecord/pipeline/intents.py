"""What was about to be stated when the power went. One small file per clip between vault and log.

A clip is placed in the vault before the log speaks of it, so that no statement is ever without its
bytes. The intent, durable before the clip has its name, lets the next start finish the sentence.
Nothing else may bring a file that merely lies in the vault into the log: that would make an intruder's
file evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from avrecord import durable
from avrecord.model.clip import ClipId
from avrecord.model.statement import KINDS, Body, Taken
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.readback import read_back

ENDING = ".intent"


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
    """State what a crash left unstated; return it. Run before anything new is taken."""
    finished = []
    for leftover in kit.vault.incoming.glob(f".*{durable.LEFTOVER}"):
        leftover.unlink()
    for path in sorted(kit.vault.incoming.glob(f"*{ENDING}")):
        body = _read(path)
        if body is None or kit.records.clip(ClipId(body.clip)):
            path.unlink()
            continue
        final = kit.vault.path(body.stored)
        if final.is_file() and read_back(final)[0] == body.clip:
            finished.append(body)
        else:
            # Not renamed yet: the part file and the card still hold the bytes, the seal seals nothing.
            if not final.exists():
                final.with_name(final.name + SEAL_ENDING).unlink(missing_ok=True)
            path.unlink()
    state(kit, finished)
    forget(kit, finished)
    return finished


def _read(path: Path) -> Taken | None:
    try:
        fields = json.loads(path.read_bytes())
        body = KINDS[fields.pop("kind")](**fields)
    except (ValueError, KeyError, TypeError):
        return None  # replace_with makes half an intent impossible; this one is not ours
    return body if isinstance(body, Taken) else None


def _path(kit: Kit, clip: str) -> Path:
    return kit.vault.incoming / f"{clip}{ENDING}"
