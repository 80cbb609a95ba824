"""Names for stored clips: readable by anyone, safe on any file system, never trusted.

The verbatim name stands in the statement as bytes; this one is only for people who look into the
vault when the software is gone.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*%\\/\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
LONGEST = 180  # bytes: room for a digest suffix and `.sig` below the usual limit of 255
DEEPEST = 8


def safe_path(shown: str) -> PurePosixPath:
    """A relative path made of safe names, at most eight deep; the last ones are kept."""
    parts = [safe_name(part) for part in shown.split("/") if part not in ("", ".")]
    return PurePosixPath(*(parts[-DEEPEST:] or ["_"]))


def safe_name(name: str) -> str:
    """One path component: no separators, controls, text-direction marks, reserved or endless names."""
    name = FORBIDDEN.sub("_", name).rstrip(". ") or "_"
    if RESERVED.match(name) or name.startswith("."):
        name = f"_{name}"
    name = _cut(name)
    # After the cut: a card's own x.mp4.sig, or a name that a cut makes one, must not pass as our seal.
    return f"{name}.file" if name.lower().endswith(".sig") else name


def _cut(name: str) -> str:
    """At most 180 bytes of UTF-8, the ending kept where there is room for it."""
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    room = LONGEST - len(ending.encode()) - 1
    if not dot or room < 1:
        return name.encode()[:LONGEST].decode("utf-8", "ignore").rstrip(". ")
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + "." + ending


def with_digest(path: PurePosixPath, digest: str) -> PurePosixPath:
    """The name for other bytes of the same name: a piece of the digest before the ending."""
    return path.with_name(f"{path.stem}-{digest[:12]}{path.suffix}")
