"""The lines under every sheet that leaves: the query, when, by which program, and the checkpoint it can be held against."""

from __future__ import annotations

from pathlib import Path

from avrecord import __version__
from avrecord.errors import CannotWrite
from avrecord.model.moments import beijing
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receive import own_folders


def assert_outside(out: Path, kit: Kit) -> None:
    """Raises CannotWrite for a place among the evidence, the log or the keys: an export may not put its own there."""
    target = out.absolute().resolve()
    if any(target.is_relative_to(folder.resolve()) for folder in own_folders(kit)):
        raise CannotWrite(path=out, detail="这里是采集站保存证据的目录，不能写入")


def footing(query: str, kit: Kit) -> list[str]:
    checkpoint = kit.log.checkpoint().split("\n")
    return [
        f"查询：{query}；生成时间：{beijing(kit.clock())}（北京时间）；程序：avrecord {__version__}；采集站：{kit.station}",
        f"日志检查点：{checkpoint[1]} 条，根 {checkpoint[2]}" if len(checkpoint) > 2 else "日志检查点：无",
    ]
