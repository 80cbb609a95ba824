"""What a round of sending came to, and what a store was found to do, as answers."""

from __future__ import annotations

from typing import Any

from avrecord.pipeline.locking import ALL
from avrecord.pipeline.sync import Sent
from avrecord.reads.answer import Answer, Column
from avrecord.words.bureau import PROPERTIES, PROPERTY_RESULTS


def synced(sent: Sent, store: str) -> Answer:
    """One row of figures; a note for everything that did not go."""
    row: dict[str, Any] = {
        "store": store,
        "clips": sent.clips,
        "bytes": sent.bytes,
        "left": sent.left,
        "left_bytes": sent.left_bytes,
        "locked": sent.locked,
        "log": sent.log.size,
        "attachments": sent.log.attachments,
        "cosigned": sent.replies.cosigned,
        "receipts": sent.replies.receipts,
        "received": sent.replies.clips,
        "reviews": sent.replies.reviews,
        "overtaken": sent.replies.overtaken,
    }
    notes = [f"未上传 {clip[:12]}：{why}" for clip, why in sent.kept_back.items()]
    notes += [f"未锁定 {'片段' if clip == ALL else clip[:12]}：{why}" for clip, why in sent.unlocked.items()]
    notes += [f"附件 {digest[:12]} 不在或已改动，没有上传；请运行 verify。" for digest in sent.log.absent]
    if sent.replies.overtaken:
        notes.append(f"市局的 {sent.replies.overtaken} 项复核没有记入：同一要件本站已有后来的复核，市局会看到。")
    notes += [f"市局的答复没有收下：{why}" for why in sent.replies.refused]
    notes += ["现在不在上传时段（sync.hours），片段稍后上传；日志和附件已上传。"] if sent.closed and sent.left else []
    columns = [
        Column("store", "对象存储", width=24),
        Column("clips", "本次片段"),
        Column("bytes", "字节", width=12),
        Column("left", "尚未上传"),
        Column("locked", "锁定"),
        Column("log", "日志（条）"),
        Column("attachments", "附件"),
        Column("cosigned", "新见证到（条）", lambda size: str(size) if size else "—"),
        Column("received", "新入库回执（片段）"),
        Column("reviews", "市局复核"),
    ]
    named = {"kept_back": sent.kept_back, "unlocked": sent.unlocked}
    extra = named | {"absent": list(sent.log.absent), "refused": list(sent.replies.refused)}
    code = 11 if sent.kept_back or sent.unlocked or sent.log.absent or sent.replies.refused else 0
    return Answer("sync", "上传", columns, [row], extra, notes, code)


def probed(row: dict[str, Any]) -> Answer:
    """A row for each property that was tried; what follows from them below."""
    columns = [
        Column("name", "性质", lambda name: PROPERTIES[name], 30),
        Column("needed", "必须", lambda needed: "必须" if needed else "可选"),
        Column("result", "探测结果", lambda result: PROPERTY_RESULTS[result]),
        Column("detail", "说明", width=24),
    ]
    refused = [PROPERTIES[name] for name in row["refused"]]
    notes = [f"存储：{row['store']}"]
    notes += [f"不能用来存放证据：{'、'.join(refused)}。"] if refused else ["可以用来存放证据。"]
    notes += ["对象锁定可用：片段按保管期限锁定（store.lock）。" if row["locks"] else "对象锁定不可用：片段不锁定。"]
    extra = {key: row[key] for key in ("store", "at", "refused", "locks")}
    return Answer("store_probe", "对象存储探测", columns, row["found"], extra, notes, 41 if refused else 0)
