"""RECEIPT.txt: what the receiving side of a year's bag signs, as it stands."""

from __future__ import annotations

from dataclasses import dataclass

NAMESPACE = "receipt@avrecord"
"""Of the SSH signature: one over a receipt can never pass as a seal over a clip."""


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What it says. `bag` is the SHA-256 of the bag's tag manifest, `checkpoint` the log's head (three lines)."""

    station: str
    unit: str
    year: int
    folder: str
    clips: int
    bytes: int
    bag: str
    checkpoint: tuple[str, ...]
    lacking: int = 0
    """Clips that belong into the bag and are not in it, nor removed by rule: its index names them."""
    made_by: str = ""
    """Who made it, where that is not the station whose clips they are."""


def receipt_name(folder: str) -> str:
    """Beside the bag: inside it would have to hold its own digest."""
    return f"{folder}-RECEIPT.txt"


def receipt_text(facts: ReceiptFacts) -> str:
    name = receipt_name(facts.folder)
    return "\n".join([
        "归档回执（avrecord.receipt/1）",
        "",
        f"采集站：{facts.station}",
        f"单位：{facts.unit}",
        f"年度：{facts.year}",
        f"资料包：{facts.folder}",
        *([f"造包：{facts.made_by}"] if facts.made_by else []),
        f"片段：{facts.clips} 个",
        *([f"应有而未放入：{facts.lacking} 个（缺失或不符，见包内 index/platform.csv 的“状态”）"] if facts.lacking else []),
        f"字节：{facts.bytes}",
        f"清单摘要（tagmanifest-sha256.txt 的 SHA-256）：{facts.bag}",
        "日志检查点：",
        *(f"    {line}" for line in facts.checkpoint),
        "",
        "接收方已收到上述资料包，并已核验（avrecord verify 资料包目录，或包内 verify.sh）。",
        "",
        "接收方对本文件原样签名，不要改动一个字。二选一（Ed25519 密钥）：",
        f"    ssh-keygen -Y sign -f 私钥文件 -n {NAMESPACE} {name}",
        f"    minisign -S -s 私钥文件 -m {name}",
        f"把得到的 .sig 或 .minisig 文件交回，由{facts.made_by or '采集站'}登记：",
        f"    avrecord archive receipt {name} --key 接收方公钥文件 --by 证号",
        "",
    ])  # fmt: skip
