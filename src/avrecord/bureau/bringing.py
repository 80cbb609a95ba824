"""One clip out of the object store onto a disk: under its name only when its bytes are those that were sealed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from avrecord import durable
from avrecord.errors import BadInput
from avrecord.pipeline.clipcheck import LARGEST_SEAL
from avrecord.vault.digester import file_digest
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.objects import Objects


def inside(folder: Path, stored: str) -> Path | None:
    """Where a clip goes; None for a path that would lead out of the folder, whatever a log says."""
    path = folder.joinpath(stored)
    wrong = ".." in Path(stored).parts or "\0" in stored or path == folder
    return None if wrong or not path.is_relative_to(folder) else path


def bring(objects: Objects, key: str, path: Path, clip: tuple[str, int], part: str = "") -> None:
    """A clip (its digest and size) and its seal to `path`; what is here already is read, and not fetched again.

    `part`: a name for what is not whole yet, where several bring the same clip. Raises BadInput for other bytes, here or there,
    ObjectMissing, FileExistsError and NotADirectoryError where something else has the name.
    """
    try:
        if not path.exists():
            _download(objects, key, path, clip, part or f".{clip[0]}.part")
        elif file_digest(path)[0] != clip[0]:
            raise BadInput(path=path, detail="这里已有的文件与封存时不符，没有改写")
    except FileExistsError:
        if not path.is_file() or file_digest(path)[0] != clip[0]:  # else another worker was faster
            raise
    seal = path.with_name(path.name + SEAL_ENDING)
    if not seal.exists():
        durable.replace_with(seal, objects.get(key + SEAL_ENDING, LARGEST_SEAL), mode=0o440)


def _download(objects: Objects, key: str, path: Path, clip: tuple[str, int], name: str) -> None:
    durable.make_folder(path.parent)
    part, digest, size = path.with_name(name), hashlib.sha256(), 0
    try:
        with part.open("wb") as target:
            for block in objects.read(key):
                size += len(block)
                if size > clip[1]:
                    break  # it is another one already, and may have no end
                digest.update(block)
                target.write(block)
        if (digest.hexdigest(), size) != clip:
            raise BadInput(path=path, detail="对象存储中的内容与封存时不符，没有写入")
        durable.sync_file(part)
        part.chmod(0o440)
        durable.rename_new(part, path)
        durable.sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
