"""BagIt bags (RFC 8493): a folder whose every file is listed with its SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from avrecord import durable

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+(\S[^\r\n]*)")
LINE_END = re.compile(r"\r\n|\r|\n")
ESCAPED = {"%": "%25", "\r": "%0D", "\n": "%0A"}
"""What RFC 8493 §2.1.3 has escaped in a path, and nothing else. sha256sum does not read it: the vault's names have none."""
BLOCK = 1 << 20


def close_bag(folder: Path, info: Mapping[str, str]) -> bytes:
    """Write the declarations and manifests over what lies in `folder`; return the tag manifest's bytes.

    Payload is what lies under `data/`; everything else is a tag file.
    """
    payload = _listed(folder, [path for path in files(folder) if path.startswith("data/")])
    size = sum((folder / path).stat().st_size for path in payload)
    info = {**info, "Payload-Oxum": f"{size}.{len(payload)}"}
    (folder / "bagit.txt").write_text(DECLARATION, "utf-8")
    (folder / "bag-info.txt").write_text("".join(map(_element, info.items())), "utf-8")
    (folder / MANIFEST).write_text(_text(payload), "utf-8")
    tags = _listed(folder, [path for path in files(folder) if not path.startswith("data/")])
    content = _text(tags).encode()
    durable.replace_with(folder / TAG_MANIFEST, content)
    return content


def read_manifest(content: bytes) -> dict[str, str]:
    """Path → digest in lower case. Raises ValueError for a line, a path or a repetition that a bag may not have.

    As RFC 8493 §2.1.3 allows: blanks or tabs between, LF, CR or CRLF after each line, digests in either case. A `%` that
    escapes nothing stands for itself, since the Library of Congress's own program writes it so.
    """
    found: dict[str, str] = {}
    lines = LINE_END.split(content.decode("utf-8"))
    for line in lines if lines[-1] else lines[:-1]:
        match = LINE.fullmatch(line)
        path = _unescaped(match[2].removeprefix("./")) if match else ""
        if not match or path in found or path.startswith("~") or {"", ".", ".."} & set(path.split("/")):
            raise ValueError(f"manifest line: {line[:80]!r}")
        found[path] = match[1].lower()
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
    return "".join(f"{digest}  {_escaped(path)}\n" for path, digest in sorted(listed.items()))


def _escaped(path: str) -> str:
    return "".join(ESCAPED.get(letter, letter) for letter in path)


def _unescaped(path: str) -> str:
    letters = {escape: letter for letter, escape in ESCAPED.items()}
    return re.sub("%25|%0[DA]", lambda found: letters[found[0].upper()], path, flags=re.IGNORECASE)


def _element(labelled: tuple[str, str]) -> str:
    """A line of bag-info.txt; the lines of a longer value are folded (RFC 8493 §2.2.2)."""
    label, value = labelled
    return f"{label}: " + "\n  ".join(part.strip() for part in value.splitlines() if part.strip()) + "\n"
