"""The log on disk: C2SP tlog-tiles. Any static web server can serve the folder, `cp -r` can copy it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from avrecord import durable
from avrecord.errors import LogBroken
from avrecord.seal.note import uint16

WIDTH = 256
HASH = 32


def tile_path(folder: Path, level: int | str, number: int, width: int) -> Path:
    """`tile/<level>/x001/x234/067[.p/<width>]`; level `entries` holds the entry bundles."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03d}")
    path = folder.joinpath("tile", str(level), *reversed(groups))
    return path if width == WIDTH else path.with_name(f"{path.name}.p") / str(width)


def write_tile(folder: Path, level: int, number: int, hashes: list[bytes]) -> None:
    """Store a full or partial hash tile durably."""
    _write(tile_path(folder, level, number, len(hashes)), b"".join(hashes))


def write_bundle(folder: Path, number: int, entries: list[bytes]) -> None:
    """Store a full or partial entry bundle durably: uint16 length and bytes of each entry."""
    content = b"".join(uint16(len(entry)) + entry for entry in entries)
    _write(tile_path(folder, "entries", number, len(entries)), content)


def read_tile(folder: Path, level: int, number: int, width: int) -> list[bytes]:
    """The hashes of a tile. Raises LogBroken when it is missing or has another length."""
    content = _read(tile_path(folder, level, number, width), number * WIDTH)
    if len(content) != width * HASH:
        raise LogBroken(index=number * WIDTH, detail="哈希瓦片长度不符")
    return [content[at : at + HASH] for at in range(0, len(content), HASH)]


def read_prefix(folder: Path, level: int, number: int, width: int) -> list[bytes]:
    """The first `width` hashes of a tile, from the full one where the partial tile of that width was tidied away.

    tlog-tiles lets a log drop partial tiles once the full one exists, and asks its readers to look there.
    """
    full = tile_path(folder, level, number, WIDTH)
    gone = width < WIDTH and full.exists() and not tile_path(folder, level, number, width).exists()
    return read_tile(folder, level, number, WIDTH if gone else width)[:width]


def read_bundle(folder: Path, number: int, width: int) -> list[bytes]:
    """The entries of a bundle. Raises LogBroken when it is missing or does not parse exactly."""
    content, entries, at = _read(tile_path(folder, "entries", number, width), number * WIDTH), [], 0
    while at + 2 <= len(content):
        length = int.from_bytes(content[at : at + 2], "big")
        entries.append(content[at + 2 : at + 2 + length])
        at += 2 + length
    if at != len(content) or len(entries) != width:
        raise LogBroken(index=number * WIDTH, detail="记录束长度不符")
    return entries


def bundle_width(number: int, size: int) -> int:
    """How many of a log's `size` entries lie in bundle `number`."""
    return min(WIDTH, size - number * WIDTH)


def entries(folder: Path, start: int, stop: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Entries `start` to `stop` of a log of `size` published leaves, with their indices.

    `size` matters: a crashed append may have left a wider bundle whose last entries nobody published.
    """
    for number in range(start // WIDTH, -(-stop // WIDTH)):
        first = number * WIDTH
        for at, entry in enumerate(_any_bundle(folder, number, bundle_width(number, size))):
            if start <= first + at < stop:
                yield first + at, entry


def added(first: int, size: int) -> Iterator[tuple[int | str, int, int]]:
    """Level, number and width of every tile that a log of `size` leaves has and one of `first` leaves had not, or narrower."""
    for number in range(first // WIDTH, -(-size // WIDTH)):
        yield "entries", number, bundle_width(number, size)
    level = 0
    while count := size >> 8 * level:
        for number in range((first >> 8 * level) // WIDTH, -(-count // WIDTH)):
            yield level, number, min(WIDTH, count - number * WIDTH)
        level += 1


def _any_bundle(folder: Path, number: int, width: int) -> list[bytes]:
    """The first `width` entries; the full bundle serves once the partial one has been tidied away."""
    if width < WIDTH and not tile_path(folder, "entries", number, width).exists():
        wider = tile_path(folder, "entries", number, WIDTH)
        partial = wider.with_name(f"{wider.name}.p")
        widths = [int(p.name) for p in partial.glob("*") if p.name.isdigit() and int(p.name) > width]
        return read_bundle(folder, number, min(widths, default=WIDTH))[:width]
    return read_bundle(folder, number, width)


def _write(path: Path, content: bytes) -> None:
    durable.make_folder(path.parent)
    durable.replace_with(path, content)


def _read(path: Path, index: int) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LogBroken(index=index, detail=f"缺少日志文件 {path.name}") from error
    except OSError as error:
        raise LogBroken(index=index, detail=f"日志文件 {path.name} 读不出（{error.strerror}）") from error
