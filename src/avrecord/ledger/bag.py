"""BagIt bags (RFC 8493): a folder whose every file is listed with its SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from avrecord import durable

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
BLOCK = 1 << 20


def close_bag(folder: Path, info: Mapping[str, str]) -> bytes:
    """Write the declarations and manifests over what lies in `folder`; return the tag manifest's bytes.

    Payload is what lies under `data/`; everything else is a tag file.
    """
    payload = _listed(folder, [path for path in files(folder) if path.startswith("data/")])
    size = sum((folder / path).stat().st_size for path in payload)
    info = {**info, "Payload-Oxum": f"{size}.{len(payload)}"}
    (folder / "bagit.txt").write_text(DECLARATION, "utf-8")
    (folder / "bag-info.txt").write_text("".join(f"{key}: {value}\n" for key, value in info.items()), "utf-8")
    (folder / MANIFEST).write_text(_text(payload), "utf-8")
    tags = _listed(folder, [path for path in files(folder) if not path.startswith("data/")])
    content = _text(tags).encode()
    durable.replace_with(folder / TAG_MANIFEST, content)
    return content


def read_manifest(content: bytes) -> dict[str, str]:
    """Path → digest. Raises ValueError for a line, a path or a repetition that a bag may not have."""
    found: dict[str, str] = {}
    for line in content.decode("utf-8").split("\n")[:-1]:
        match = LINE.fullmatch(line)
        if not match or match[2] in found or ".." in match[2].split("/") or match[2].startswith("/"):
            raise ValueError(f"manifest line: {line[:80]!r}")
        found[match[2]] = match[1]
    return found


def files(folder: Path) -> list[str]:
    """Every file and link below a folder, relative, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def digest_of(path: Path) -> str:
    """SHA-256 of a regular file; OSError for anything else."""
    with durable.open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(folder: Path, paths: list[str]) -> dict[str, str]:
    return {path: digest_of(folder / path) for path in paths}


def _text(listed: Mapping[str, str]) -> str:
    # RFC 8493 writes %, CR and LF escaped, which sha256sum does not read: the vault's names have none.
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(listed.items()))
