"""The thread that sends to the object store while everything else goes on. A store that is away is normal, and said."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import structlog

from avrecord.errors import AvrecordError, Interrupted
from avrecord.model.moments import utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.locking import ALL, Locks
from avrecord.pipeline.storing import keeps_locks, trusted_objects
from avrecord.pipeline.sync import Line, Sent, sync
from avrecord.vault.objects import Objects


class Sender:
    """Rounds of `sync` until told to stop; nothing where the settings name no store."""

    def __init__(
        self, kit: Kit, stopping: threading.Event, log: structlog.stdlib.BoundLogger, report: Callable[[str, BaseException], None]
    ) -> None:
        self._kit, self._stopping, self._log, self._report = kit, stopping, log, report
        self._objects: Objects | None = None
        self._locks: Locks | None = None
        self._last: dict[str, Any] | None = None

    def loop(self) -> None:
        """A round each `sync.every_seconds`. Half an upload is left in the store, and goes on after the next start."""
        while self._kit.settings.store.url and not self._stopping.is_set():
            try:
                if self._objects is None:
                    self._objects = trusted_objects(self._kit)
                    self._locks = Locks(self._objects, self._kit, self._stopping) if keeps_locks(self._kit) else None
                self._sent(sync(self._objects, self._kit, Line(self._kit, self._stopping), locks=self._locks))
            except Interrupted:
                break
            except Exception as error:  # noqa: BLE001 - an unattended station sends again at the next round
                self._failed(error)
            self._stopping.wait(self._kit.settings.sync.every_seconds)
        self._kit.store.close()

    def status(self) -> dict[str, Any] | None:
        """The last round, and what kept the latest one from its end; None before the first, or without a store."""
        return self._last

    def _failed(self, error: Exception) -> None:
        self._last = (self._last or {}) | {"problem": str(error) if isinstance(error, AvrecordError) else type(error).__name__}
        self._report("sync_failed", error)

    def _sent(self, sent: Sent) -> None:
        done = {
            "at": utc_text(self._kit.clock()),
            "clips": sent.clips,
            "bytes": sent.bytes,
            "left": sent.left,
            "left_bytes": sent.left_bytes,
            "kept_back": len(sent.kept_back),
            "locked": sent.locked,
            "unlocked": _unlocked(sent),
            "owed": len(sent.log.absent),
            "refused": list(sent.replies.refused),
            "problem": None,
        }
        self._last = done
        replies = sent.replies
        came = replies.clips or replies.reviews or replies.cosigned
        if sent.clips or came or sent.kept_back or sent.unlocked or replies.refused:
            self._log.info("sent", **done, received=replies.clips, reviews=replies.reviews, cosigned=replies.cosigned)


def _unlocked(sent: Sent) -> str:
    """Why clips are not locked, as the page says it; nothing while all are."""
    if ALL in sent.unlocked:
        return f"{sent.unlocked[ALL]}。"
    return f"{len(sent.unlocked)} 个片段在对象存储中没有锁定成功；请运行 bureau probe-store。" if sent.unlocked else ""
