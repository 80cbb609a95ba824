"""Type of the test half: faces that nothing else in this project is set in."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

FACES = {
    "hei": ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    "kai": ("/usr/share/fonts/truetype/arphic/ukai.ttc", 0),
    "song": ("/usr/share/fonts/truetype/arphic/uming.ttc", 0),
}
PACKAGES = "fonts-wqy-zenhei fonts-arphic-ukai fonts-arphic-uming"


def missing() -> str:
    """Debian packages to install before anything can be drawn; empty when all are there."""
    return "" if all(Path(file).exists() for file, _ in FACES.values()) else PACKAGES


@cache
def face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """`hei`, `kai` or `song` at a size in pixels."""
    file, index = FACES[name]
    return ImageFont.truetype(file, size, index=index)
