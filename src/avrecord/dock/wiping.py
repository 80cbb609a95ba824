"""The only place that changes a card: removing a file that was released, after looking once more that it is that file."""

from __future__ import annotations

import errno
import os

from avrecord.dock.listing import open_folder, opened
from avrecord.errors import CardError, CardGone
from avrecord.model.card import SourceFile, Volume


def is_writable(volume: Volume) -> bool:
    """Whether the volume lets anything be removed. Cards are mounted read-only unless somebody decided otherwise."""
    return not os.statvfs(volume.root).f_flag & os.ST_RDONLY


def remove(volume: Volume, file: SourceFile) -> None:
    """Remove one file from a card, durably. Links are not followed at any step.

    Raises SourceChanged when it is not the listed file any more, CardGone when the card left, CardError when the
    card refuses.
    """
    with opened(volume, file):
        pass
    folder, _, name = file.path.rpartition(b"/")
    at = open_folder(os.fsencode(volume.root), folder)
    try:
        os.unlink(name, dir_fd=at)
        os.fsync(at)
    except OSError as error:
        reason = "只读" if error.errno == errno.EROFS else error.strerror or str(error)
        raise CardError(card=f"{volume.label or volume.root}/{file.shown}", detail=f"未能删除（{reason}）") from error
    finally:
        os.close(at)


__all__ = ["CardGone", "is_writable", "remove"]
