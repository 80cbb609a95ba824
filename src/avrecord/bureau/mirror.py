"""A station's published log, fetched from the object store into a folder of the bureau: what `ingest` proves.

The store's own listing decides nothing: the names of tiles follow from the size that the station signed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from avrecord import durable
from avrecord.errors import EvidenceError, ObjectMissing, StoreLogDiffers
from avrecord.pipeline.storing import attachment_key, station_prefix
from avrecord.seal import note, tiles
from avrecord.seal.note import LARGEST_CHECKPOINT, BadNote, Checkpoint, NoteKey
from avrecord.vault.attachments import Attachments
from avrecord.vault.objects import Objects

LARGEST_TILE = tiles.WIDTH * (2 + 65_535)  # bytes of a full entry bundle
LARGEST_ATTACHMENT = 256 << 20  # bytes: a manifest of 10^6 files has 200 MB


class StoredAttachments(Attachments):
    """Attachments of a station, fetched when asked for and kept; never believed before they give their digest."""

    def __init__(self, root: Path, objects: Callable[[], Objects], station: str) -> None:
        """`objects` is asked when the first attachment is not here: a client takes longer to make than most pages to answer."""
        super().__init__(root)
        self._objects, self._station = objects, station

    def get(self, digest: str) -> bytes:
        if not self.path(digest).exists():
            with suppress(ObjectMissing):
                content = self._objects().get(attachment_key(self._station, digest), LARGEST_ATTACHMENT)
                if hashlib.sha256(content).hexdigest() != digest:
                    raise EvidenceError(detail=f"对象存储中附件 {digest[:12]} 的内容与其摘要不符")
                self.put(content)
        return super().get(digest)


def fetch_log(objects: Objects, station: str, folder: Path, keys: Sequence[NoteKey]) -> bool:
    """Bring `folder` (a log's) up to what the store has; False when there is nothing yet. Run again it fetches what is new.

    A file that is here is not fetched again, so a folder whose files fit no checkpoint is thrown away by the caller, who then
    asks anew. Raises StoreLogDiffers for a checkpoint that no trusted key signed, and for a tile that is missing.
    """
    try:
        signed = objects.get(f"{station_prefix(station)}log/checkpoint", LARGEST_CHECKPOINT)
    except ObjectMissing:
        return False
    now, here = _size(signed, keys, station), _size_here(folder, keys, station)
    for tile in tiles.added(min(here, now), now):
        path = tiles.tile_path(Path(), *tile)
        target = folder / path
        if target.exists():
            continue
        try:
            content = objects.get(f"{station_prefix(station)}log/{path.as_posix()}", LARGEST_TILE)
        except ObjectMissing as error:
            raise StoreLogDiffers(station=station, detail=f"缺少 {path.as_posix()}（上传未完，或被删除）") from error
        durable.make_folder(target.parent)
        durable.replace_with(target, content)
    durable.make_folder(folder)
    durable.replace_with(folder / "checkpoint", signed)
    return True


def forget(folder: Path) -> None:
    """Throw a fetched log away: it is the store's, and can be fetched again."""
    shutil.rmtree(folder, ignore_errors=True)


def _size(signed: bytes, keys: Sequence[NoteKey], station: str) -> int:
    try:
        return Checkpoint.parse(note.open_note(signed.decode("utf-8"), list(keys))).size
    except (BadNote, UnicodeDecodeError) as error:
        raise StoreLogDiffers(station=station, detail=f"检查点没有本局信任的日志公钥的签名（{error}）") from error


def _size_here(folder: Path, keys: Sequence[NoteKey], station: str) -> int:
    with suppress(OSError, StoreLogDiffers):
        return _size(durable.read_small(folder / "checkpoint", LARGEST_CHECKPOINT), keys, station)
    return 0
