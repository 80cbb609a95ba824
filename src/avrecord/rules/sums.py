"""Lines that `sha256sum -c` reads (GNU coreutils, "sha2 utilities")."""

from __future__ import annotations


def sum_line(digest: str, path: bytes) -> bytes:
    """One file's line, with its line feed. A backslash before the digest says that the name is escaped: it holds a backslash or a
    line break."""
    escaped = path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"\\" if escaped != path else b"") + digest.encode() + b"  " + escaped + b"\n"
