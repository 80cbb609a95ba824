"""The only place that changes a card: removing a file that was released, after looking once more that it is that file."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from avrecord.dock.listing import open_folder, opened
from avrecord.errors import CardError, SourceChanged
from avrecord.model.card import SourceFile, Volume


def is_writable(volume: Volume) -> bool:
    """Whether the volume lets anything be removed. Cards are mounted read-only unless somebody decided otherwise."""
    return not os.statvfs(volume.root).f_flag & os.ST_RDONLY


def remove(volume: Volume, file: SourceFile, digest: str) -> None:
    """Remove one file from a card. Links are not followed at any step.

    It is read whole once more, because hours may lie between the proof and this: its name must still lead to the very
    file whose bytes have this digest. Raises SourceChanged when they have not, CardGone when the card left, CardError
    when the card refuses; whoever gets none of them knows that the file is gone.
    """
    folder, _, name = file.path.rpartition(b"/")
    title = f"{volume.label or volume.root}/{file.shown}"
    with opened(volume, file) as source:
        if source.digest(file.size) != digest:
            raise SourceChanged(card=title, detail="内容与核验时不同")
        try:
            at = open_folder(os.fsencode(volume.root), folder)
        except OSError as error:
            raise CardError(card=title, detail=error.strerror or str(error)) from error
        try:
            if not os.path.samestat(os.fstat(source.fd), os.stat(name, dir_fd=at, follow_symlinks=False)):
                raise SourceChanged(card=title, detail="文件已被替换")
            os.unlink(name, dir_fd=at)
            with suppress(OSError):  # the file is gone whatever this says; a card that forgets it shows it again
                os.fsync(at)
        except OSError as error:
            reason = "只读" if error.errno == errno.EROFS else error.strerror or str(error)
            raise CardError(card=title, detail=f"未能删除（{reason}）") from error
        finally:
            os.close(at)
