"""What the bureau, the object store and other systems are told about, in Chinese."""

from __future__ import annotations

TAKEN = {
    "new": "有新记录", "same": "没有新记录", "behind": "这是较旧的一份（晚到，或采集站恢复成了旧的）",
    "waiting": "有新记录，尚不能全部索引",
}  # fmt: skip
"""What taking a station's log came to."""
PROPERTIES = {
    "read_back": "写入后读回一致", "no_overwrite": "不改写已有对象", "range": "按范围读取正确", "listed": "写入后能列出",
    "parts": "分块上传完整，且不改写", "digest_checked": "摘要不符时拒收", "lock_kept": "锁定的版本不能删除",
    "hold_harmless": "法律保留不改动内容", "retention_harmless": "保留期不改动内容",
}  # fmt: skip
"""What is tried on an object store before it gets evidence."""
PROPERTY_RESULTS = {"yes": "符合", "no": "不符合", "unknown": "未能探测"}
TOKEN_DEEDS = {"read": "读取平台索引", "push": "推送案件"}
API_REFUSED = {
    "unknown": "没有令牌，或令牌无效。", "not_yours": "这个令牌没有这项权限。", "too_large": "推送的内容太大，请分批推送。",
    "no_cases": "内容应为 JSON：{\"cases\": […]}，1 至 10000 条。", "no_number": "after 和 most 应为整数，most 至少为 1。",
}  # fmt: skip
"""Why a request of another system is refused."""
STATION_STATES = {
    "frozen": "已停止收取", "silent": "久无消息", "waiting": "待补附件", "unheard": "尚未收到", "fine": "正常",
}  # fmt: skip
CAMPAIGN_KINDS = {"verify": "核验", "examine": "重新抽检", "archive": "年底归档"}
LOOKED_AGAIN = {"OK": "与采集站所见相同", "SEEN_MORE": "这次多见到要件", "SEEN_LESS": "这次有要件未见到", "UNREADABLE": "看不了"}
"""What a campaign that examines again came to, clip by clip."""
CAMPAIGN_STATES = {"running": "进行中", "paused": "已暂停", "cancelled": "已取消", "done": "完成"}
LETTER_FATES = {
    "waiting": "等待采集站收下", "stated": "已记入采集站的日志", "overtaken": "未记入：采集站已有后来的复核",
    "differs": "采集站记入的与这里的不同，请查明",
}  # fmt: skip
"""What became of a decision that was taken at the bureau."""
