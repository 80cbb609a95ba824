"""The lines under every sheet that leaves: the query, when, by which program, and the checkpoint it can be held against."""

from __future__ import annotations

from pathlib import Path

from avrecord import __version__
from avrecord.errors import CannotWrite
from avrecord.model.moments import beijing
from avrecord.pipeline.kit import Kit


def assert_outside(out: Path, kit: Kit) -> None:
    """Raises CannotWrite for a place among the station's own folders: what is written there would stand among the evidence,
    or over it, and be taken for something that nobody stated. `exports/` is for it."""
    target, root = out.absolute().resolve(), kit.root.resolve()
    inside = target.is_relative_to(root) and not target.is_relative_to(root / "exports")
    if inside or any(target.is_relative_to(folder.resolve()) for folder in kit.folders):
        raise CannotWrite(path=out, detail="在采集站自己的目录里，请换一个目录（exports 可以）")


def footing(query: str, kit: Kit) -> list[str]:
    checkpoint = kit.log.checkpoint().split("\n")
    return [
        f"查询：{query}；生成时间：{beijing(kit.clock())}（北京时间）；程序：avrecord {__version__}；采集站：{kit.station}",
        f"日志检查点：{checkpoint[1]} 条，根 {checkpoint[2]}" if len(checkpoint) > 2 else "日志检查点：无",
    ]
