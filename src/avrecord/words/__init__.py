"""The product's Chinese words, once. English keys are what code, JSON and the log use."""

from __future__ import annotations

MARKS = {
    "seen": "抽检已见",
    "not_seen": "抽检未见",
    "cannot_tell": "无法判断",
    "not_required": "不要求",
}
DECISIONS = {
    "seen": "人工确认已见",
    "missing": "人工认定缺失",
    "not_required": "人工认定不要求",
    "withdrawn": "撤回人工复核",
}
SECOND_EYE = "待第二人复核"

SEGMENTS = {
    "id_shown": "亮证",
    "notice_given": "告知",
    "recording_notice": "录音录像告知",
    "rights_notice": "权利告知",
    "salute": "敬礼",
    "uniform": "着装",
    "standard_wording": "规范用语",
    "forbidden_wording": "禁用语",
    "served": "签收",
}
MODES = {"whole": "全程", "key": "关键环节"}
PROPOSALS = {
    "clock": "记录仪时钟的误差较大，时间不能确定",
    "reset": "记录仪时钟曾复位，拍摄时间不明",
    "no_time": "文件没有可用的拍摄时间",
    "shared": "当日该记录仪由多人领用，不能确定由谁使用",
    "several": "前后各有环节，不能确定属于哪一个",
    "other": "主要在另一环节的时段内，是否延续到本环节不能确定",
    "tag": "文件标注了该案件，不能确定是哪个环节",
}
"""Why a link is proposed to a person and not made."""
VIEWS = {"watched": "查看", "taken": "下载原件"}
"""How somebody looked at a clip."""
STATEMENTS = {
    "key.changed": "密钥更换", "keys.listed": "密钥表", "clock.stepped": "采集站时钟拨动", "gap.observed": "编号或时间有缺口",
    "scrub.done": "例行重读", "config.changed": "设置变更", "service.started": "服务启动", "card.seen": "记录仪停靠",
    "clip.sealed": "片段封存", "clip.set_aside": "片段列为待查", "clip.seen_again": "重复采集", "card.removed_early": "提前拔出",
    "clip.examined": "抽检", "clip.linked": "关联案件", "clip.unlinked": "解除关联", "mark.reviewed": "人工复核",
    "case.imported": "导入案件", "roster.imported": "导入人员", "checklist.adopted": "施行清单", "device.registered": "登记设备",
    "device.assigned": "设备领用", "device.event": "设备事件", "duty.imported": "导入值班表", "export.made": "导出",
    "clip.viewed": "查看片段", "release.granted": "允许清空记录仪", "clip.removed": "按规则移除", "hold.set": "冻结",
    "hold.lifted": "解除冻结", "expiry.listed": "到期清单", "expiry.undone": "撤销移除", "archive.made": "年底归档",
    "archive.received": "归档回执", "clips.uploaded": "上传", "clips.locked": "存储中锁定", "receipt.taken": "入库回执",
    "review.left": "市局复核", "anchor": "外部见证", "audit.announced": "抽取公告", "audit.drawn": "抽取",
    "problem.opened": "登记整改问题", "problem.changed": "变更整改问题", "problem.closed": "整改销号",
    "problem.reopened": "重新打开整改问题", "attachments.lost": "附件已不在",
}  # fmt: skip
"""What a statement of each kind is about."""
JOBS = {
    "verify": "核验", "bundle": "案件资料包", "proxy": "可播放的副本", "ledger": "自查工作台账", "package": "备查资料",
    "check": "导入前检查", "import": "导入", "archive": "年底归档",
}  # fmt: skip
"""Long work that pages start."""
IMPORTS = {"cases": "案件环节表或巡查记录", "officers": "执法人员名册", "duty": "值班表", "devices": "设备、领用、设备事件"}
"""Tables that people bring."""
OFFERED = "供人工查看"
REVIEW_ITEMS = {"footage": "录像", "stage": "整个环节"}
"""What is reviewed beside segments: the footage as such, and whether the stage is asked for at all."""
ROLE_NAMES = {
    "operator": "操作员",
    "supervisor": "督察",
    "auditor": "审计",
    "custodian": "设备管理员",
    "admin": "系统管理员",
}
POINTS = {
    "footage": "是否按规定使用音像记录设备",
    "standard_wording": "是否使用执法行为规范用语",
    "id_shown": "是否佩戴并出示执法证件",
    "notice_given": "是否告知当事人执法事由依据及享有的权利",
    "uniform": "是否着装规范",
}
"""The five points of the self-check (平顶山市城市管理局 2024-07-31, 一(四)), by what speaks for each."""
PROBLEM_ITEMS = SEGMENTS | REVIEW_ITEMS | {"other": "其他"}
PROBLEM_STATES = {"open": "整改中", "overdue": "逾期未销号", "closed": "已销号"}
PROBLEM_STEPS = {"opened": "登记", "changed": "变更", "closed": "销号", "reopened": "重新打开"}
SEEDS = {
    "cosignature": "公告之后的第一个外部见证签名",
    "public": "公开号码",
    "checkpoint": "采集站自己的检查点",
}
"""Where a draw's seed came from."""
NEEDS = {
    "not_seen": "清单要求，抽检未见",
    "cannot_tell": "清单要求，无法判断",
    "gap": "录像有缺口",
    "no_footage": "没有录像",
    "second_eye": "待第二人复核",
    "sample": "抽样复核（检验抽检是否可靠）",
}
"""Why something stands in the review queue, the most pressing first."""
LINK_METHODS = {"assignment": "按领用和时间", "tag": "按文件标注的案号", "person": "人工"}
MEANS = {"photo": "拍照", "audio": "录音", "video": "录音录像", "text": "文字记录"}
"""记录方式 by its means; a list gives alternatives."""
LIST_FIELDS = {
    "code": "编号",
    "case_kind": "执法类别",
    "matter": "执法事项",
    "stage": "执法环节",
    "also": "环节别名",
    "record": "记录事项",
    "place": "记录场所",
    "method": "记录方式",
    "device": "记录载体",
    "recorded_by": "记录人",
    "begins": "开始记录时间",
    "content": "记录内容",
    "ends": "结束记录时间",
    "segments": "要件",
    "category": "执法记录类别",
    "deadline": "执法时限要求",
    "storage_kind": "存储类别",
    "storage_place": "存储位置",
    "retention": "存储期限",
    "remarks": "备注",
    "other": "其他",
}
"""The columns of 《音像记录事项清单》 in the order in which it is written out."""
LIST_CHANGES = {"added": "新增", "removed": "取消", "changed": "改动"}
LACKS = {
    "no_footage": "无录像",
    "gap": "录像有缺口",
    "not_seen": "抽检未见",
    "cannot_tell": "无法判断",
    "missing": "人工认定缺失",
}
FAULTS = {
    "dark": "画面过暗或镜头被遮挡",
    "overexposed": "画面过曝",
    "blurred": "画面自始至终模糊",
    "frozen": "画面静止不动",
    "mute": "没有声音",
    "clipped": "声音过大失真",
    "wind": "只有风声或低频噪声",
    "damaged": "文件损坏",
    "unindexed": "录制中断，文件没有索引",
    "unreadable": "无法解码",
    "sparse": "关键帧间隔过长",
    "empty": "零字节文件",
    "clock_mismatch": "画面时钟与文件时间不符",
    "clock_jump": "画面时钟与录像时间走得不一致",
}
LIGHT = {"day": "明亮", "dim": "偏暗", "night": "很暗（夜间或无灯室内）", "backlit": "逆光"}
SET_ASIDE = {
    "unknown_recorder": "未知设备",
    "foreign_name": "文件名不符合机型规则",
    "zero_bytes": "零字节文件",
    "other_recorder": "文件名中的设备号与本机不符",
    "read_error": "读取出错，仅保存能读出的部分",
}
CLAIM_DOUBTS = {
    "reset": "记录仪时钟曾复位",
    "too_early": "早于该机型可能的年份",
    "future": "晚于采集站时间一天以上",
}
"""Why a claimed start cannot be when a clip was recorded."""
CLOCK_METHODS = {
    "gps_line": "卫星时间与同一行的记录仪时间",
    "gps_name": "卫星首次定位与文件名时间",
    "device_log": "记录仪日志中的校时",
    "docking_line": "停靠时记录仪所记时间与采集站时间",
}
CARD_ODDITIES = {
    "clock_reset": "文件自称的时间是时钟复位后的（个）",
    "clock_too_early": "文件自称的时间早于该机型可能的年份（个）",
    "clock_future": "文件自称的时间晚于采集站一天以上（个）",
    "clock_ahead": "最新文件自称的时间晚于采集站，时钟至少快（毫秒）",
    "old_docking_line": "停靠时所记时间落后采集站，分不清是旧记录还是时钟慢，未采用（毫秒）",
    "zone_shift": "修改时间与文件名普遍相差整小时，时区或挂载设置可能不对，或文件被复制过（小时）",
    "mtime_unrelated": "修改时间与文件名对不上，可能被改名或重新写过（个）",
    "gps_against_log": "卫星时间与校时记录不一致（毫秒）",
    "logs_not_read": "日志过多，较旧的未读（个）",
}
"""What is odd about a card; in brackets what its number counts or measures."""
FILE_STATES = {
    "sealed": "已封存",
    "set_aside": "已封存，待认领/待查",
    "removed": "按规则移除",
    "on_recorder": "仍在记录仪上，尚未采集",
    "changed": "当时未写完，后来的版本已封存",
    "missing": "去向不明",
}
FINDINGS = {
    "OK": "完好",
    "OK_UNWITNESSED": "完好（封存后未经外部见证）",
    "REMOVED_BY_RULE": "按规则移除",
    "ALTERED": "内容被改动",
    "MISSING": "片段不在了",
    "EXTRA": "多出的文件（日志中没有）",
    "UNSIGNED": "没有签名",
    "BAD_SIGNATURE": "签名不符",
    "UNKNOWN_KEY": "签名密钥不明",
    "WRONG_KEY": "签名密钥用错",
    "EXPIRED_KEY": "签名密钥过期",
    "REVOKED_KEY": "签名密钥已吊销",
    "NOT_IN_LOG": "不在日志中",
    "PROOF_INVALID": "证明无效",
    "TIME_INCONSISTENT": "时间矛盾",
    "INDEX_DIFFERS": "数据库与日志不符",
    "UNREADABLE": "读取失败，未能核验",
    "MALFORMED": "格式不符",
    "CHECKPOINT_INVALID": "检查点无效",
    "LOG_TRUNCATED": "日志被截断",
    "LOG_FORK": "日志分叉",
    "STALE": "检查点过旧",
    "QUORUM_NOT_MET": "见证不足",
    "KEYLIST_ROLLBACK": "密钥表被回退",
    "NO_EXTERNAL_REFERENCE": "没有外部参照",
}
NO_EXTERNAL_REFERENCE = "没有采集站以外的检查点可对照：看不出采集站自己截断或重建日志。"
KEY_NOT_APPROVED = "密钥未经核准"

KEY_ROLES = {"clip": "片段", "log": "日志", "witness": "见证"}
KEY_REASONS = {"created": "建站时生成", "rotated": "更换", "in_use": "更换后启用"}
FATES = {
    "kept": "保管期内",
    "never": "不自动到期",
    "held": "已冻结",
    "person": "到期待人工决定",
    "due": "到期",
    "waiting": "已列入清单",
    "removed": "按规则移除",
}
"""States of a clip as to its keeping."""
GROUNDS = {"unlinked": "最短保管期限", "stage": "环节的保管期限", "undone": "撤销移除后延长"}
NEEDS_PERSON = {
    "set_aside": "待认领/待查",
    "unknown_recorder": "记录仪未登记",
    "damaged": "文件损坏或未能完整读出",
    "unexamined": "尚未抽检，时长未知",
    "device_log": "设备日志等，不属于任何环节",
    "important": "记录仪上标为重要",
    "claim_doubt": "拍摄时间不明",
    "proposals": "有关联建议未处理",
}
"""Why a clip whose time is over is not removed unless a person names it."""
EXPIRY_KEPT = {
    "held": "列入清单后被冻结",
    "never": "按现在的规则不自动到期",
    "kept": "按现在的规则尚未到期",
    "person": "按现在的情况须人工决定",
    "waiting": "清单公示未满",
    "removed": "已移除",
    "stuck": "移除已记入日志，文件暂未能删除，下次运行时继续",
    "bytes": "内容与封存时不符或读不出，不移除，请先核验",
    "gone": "文件已不在库中，请先核验",
}
"""Why a listed clip was not removed."""
ARCHIVED_AS = {"linked": "关联本单位环节", "unlinked": "本单位记录仪，未关联"}
ARCHIVED_STATES = {"in_bag": "在包内", "in_vault": "在库中", "removed": "已按规则移除", "missing": "不在库中"}
EVIDENCE_STAYS = "抽检留下的证据画面等附件可能被别处引用，不随片段移除。"

GAPS = {"sequence": "编号不连续", "time": "录像中断", "vanished": "曾在卡上、未采集即消失"}

UNITLESS = "（未填单位）"
DEVICE_EVENTS = {"repair": "送修", "fault": "故障", "service": "检修", "restored": "恢复", "retired": "报废"}
DEVICE_FLAGS = {
    "not_in_roster": "持有人不在名册中",
    "assistant": "持有人是协管人员",
    "expired": "持有人执法证过期",
    "shared": "同日领给两人（共用）",
    "out_of_service": "已停用或报废仍在领用",
    "not_registered": "设备未登记",
}
STANDINGS = {
    "valid": "有效",
    "expiring": "即将到期",
    "expired": "已过期",
    "assistant": "协管人员（无执法资格）",
    "undated": "未填有效期或长期",
}
DUTY_BASIS = {"roster": "值班表", "stage": "当日有案件环节", "assignment": "领用记录仪"}
PLAN_REASONS = {
    "open_fault": "报告的故障未排除",
    "footage": "录像反复有问题",
    "interval": "到检修周期",
    "undocked": "久未停靠",
    "life_over": "使用年限到期",
    "repairs": "送修次数过多",
    "repair_cost": "维修费用过高",
    "short": "当班人数所需不足",
}
LOST_DAY = {
    "repair": "送修",
    "service": "检修",
    "fault": "报告故障",
    "clock_off": "时钟偏差超限",
    "damaged": "录像文件损坏",
    "mute": "录像没有声音",
    "frozen": "录像画面静止",
    "dark": "录像过暗或被遮挡",
    "overexposed": "录像过曝",
    "blurred": "录像模糊",
    "clipped": "录像声音失真",
    "wind": "录像只有风声",
    "unindexed": "录制中断",
    "unreadable": "录像无法解码",
    "empty": "录像为零字节",
    "clock_mismatch": "录像画面时钟与文件时间不符",
    "clock_jump": "录像画面时钟走得不一致",
}
MEDIA = {"video": "录像", "audio": "录音", "photo": "照片", "log": "设备日志", "other": "其他"}
OUTCOMES = {
    "complete": "已抽检",
    "partial": "部分可读",
    "unreadable": "无法解码",
    "failed": "未能抽检",
}
NOT_YET_THOROUGH = "只快速看过，尚未逐帧细看"
STAGES = {
    "key_frames_decoded": "解码关键帧",
    "nothing_to_see": "画面过暗、过亮或被遮挡，不再看",
    "stroke_maps": "计算笔画图",
    "without_strokes": "没有像文字的笔画，留待细看",
    "same_as_before": "与上次读过的画面相同，留待细看",
    "crops_looked_at": "局部文字检测",
    "without_words": "局部没有要找的字，留待细看",
    "frames_read": "整帧文字检测",
    "lines_read": "识别文字行",
    "thorough_frames": "逐帧细看",
    "closer_decoded": "疑似处前后逐帧解码",
    "closer_frames": "疑似处取最清晰的帧再读",
    "dense_decoded": "关键帧过稀，逐帧解码",
    "dense_frames": "逐秒取最清晰的帧再读",
}
"""What each stage of the check did, in the order in which it is entered; keys of an examination's `cost`."""
ISOLATION = {
    "in_force": "文件隔离：{files}；网络隔离：{network}",
    "none": "无",
    "off": '按设置关闭（check.isolation = "off"）',
    "no_bubblewrap": "未安装 bubblewrap",
    "no_landlock": "内核没有 Landlock",
    "no_seccomp": "未安装 libseccomp2",
    "no_netns": "系统没有网络命名空间",
    "not_started": "{mechanism} 不能启用（{reason}）",
    "not_held": "{mechanism} 试验时未能拦住",
}
"""How the examination child is kept from network and files; `doctor` and `check --explain` print it."""
NO_SPEECH_MODEL = "未检测（未安装语音模型）"
LIMITS_OF_A_CHECK = "抽检只说明画面中见到、声音中听到与否，不代表事情做了或没做，也不代表话由谁说；缺失须由具名人员认定。"
LIMITS_OF_A_SEAL = "采集站签名证明“自采集入库以来未改动”，不证明拍摄之后、采集之前未改动。"
