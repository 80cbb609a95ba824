"""入库回执: what the bureau signs of the clips that it read back from the object store. `sha256sum -c` reads the same text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from avrecord.rules.sums import sum_line

LINE = re.compile(r"\\?([0-9a-f]{64})  (vault/.+)")
HEAD = "# 入库回执（avrecord.copy/1）：以下片段已由市局从对象存储读回，内容与封存时一致。"


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt says beside its clips. `read`: when the first and the last of them were read; `checkpoint`: the three lines
    of the log's head under which they stand."""

    station: str
    bureau: str
    store: str
    read: tuple[str, str]
    checkpoint: tuple[str, ...]


def written(facts: ReceiptFacts, clips: Iterable[tuple[str, str]]) -> bytes:
    """`clips`: SHA-256 and stored path of each."""
    head = [
        HEAD,
        f"# 采集站：{facts.station}",
        f"# 市局：{facts.bureau}",
        f"# 存储：{facts.store}",
        f"# 读回时间：{facts.read[0]} 至 {facts.read[1]}",
        "# 日志检查点：",
        *(f"#     {line}" for line in facts.checkpoint),
    ]
    lines = b"".join(sum_line(digest, f"vault/{stored}".encode()) for digest, stored in clips)
    return "".join(f"{line}\n" for line in head).encode() + lines


def station_of(document: bytes) -> str:
    """For whose clips a receipt was written; empty for what is none."""
    return _said(document, 1, "# 采集站：")


def store_of(document: bytes) -> str:
    """From which store the clips were read; empty for what is no receipt."""
    return _said(document, 3, "# 存储：")


def _said(document: bytes, at: int, before: str) -> str:
    lines = document.decode("utf-8", "replace").split("\n")
    return lines[at].removeprefix(before) if len(lines) > at and lines[0] == HEAD and lines[at].startswith(before) else ""


def copied(document: bytes) -> list[str]:
    """The digests of the clips that a receipt names. Lines that are none are passed over: nothing follows from them."""
    return [found[1] for line in document.decode("utf-8", "replace").split("\n") if (found := LINE.fullmatch(line))]
