"""Every error of the product: one tree, one Chinese sentence each, one exit code each.

A sentence says what happened, what is safe and what to do. `EXIT_CODES` is the table that the
documentation prints; a test holds the tree against it.
"""

from __future__ import annotations

EXIT_CODES: dict[int, str] = {
    0: "正常",
    1: "未预料的错误",
    2: "命令用法错误",
    10: "有要件抽检未见或缺失",
    11: "有片段被改动或签名不符",
    12: "有片段的内容不在了",
    13: "日志损坏、分叉或被截断",
    14: "有文件去向不明",
    15: "不能完整核验",
    20: "存储卡读不出",
    21: "磁盘空间不足",
    22: "采集站正被另一个进程使用",
    30: "配置有误",
    31: "密钥有误",
    32: "输入文件有误",
    40: "数据库有误",
    41: "对象存储有误",
    130: "被中断，进度已保存",
}


class AvrecordError(Exception):
    """Base of all errors that a person may read.

    Facts are passed by keyword and fill the sentence; they stay readable as attributes of `facts`,
    so that JSON output needs no parsing of Chinese text.
    """

    says = "出现未预料的错误：{detail}。已保存的证据未受影响，请联系管理员。"
    exit_code = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.says.format(**facts))

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel from worker processes; unpickling would call the class with the sentence."""
        return _again, (type(self), self.facts)


def _again(kind: type[AvrecordError], facts: dict[str, object]) -> AvrecordError:
    return kind(**facts)


class EvidenceError(AvrecordError):
    """Something about the bytes, the seals or the log is not as it was stated."""

    says = "证据异常：{detail}。"
    exit_code = 11


class BytesMissing(EvidenceError):
    says = "找不到“{what}”。日志中有它的封存记录，请立即停止操作并通知审计人员。"
    exit_code = 12


class NotDrawable(AvrecordError):
    says = "公告 {number} 已经抽取过，不能再抽一次，只能复验。日志和证据未受影响。"
    exit_code = 32


class NothingComplete(AvrecordError):
    says = "{unit} 的 {cases} 个案件中，没有一个录像和要件都齐全，没有导出任何文件；请先补正或复核案件缺少的内容。"
    exit_code = 32


class BadAccount(AvrecordError):
    says = "账户：{detail}。没有作任何改动。"
    exit_code = 32


class OwnReview(AvrecordError):
    says = "{by} 是该环节的执法人员，不能复核自己参加的执法。没有记录任何内容；请由其他人员复核。"
    exit_code = 32


class NameTaken(EvidenceError):
    says = "保存位置 {path} 已有另一个文件。原文件未被覆盖，存储卡未被改动；请联系管理员。"
    exit_code = 11


class LogBroken(EvidenceError):
    says = "日志第 {index} 条有问题：{detail}。为防止掩盖，采集站拒绝继续签名；原有文件未被改动，请保留现场并通知审计人员。"
    exit_code = 13


class CardError(AvrecordError):
    says = "存储卡“{card}”读取失败：{detail}。卡上内容未被改动，请重新插卡；仍失败请换读卡口。"
    exit_code = 20


class CardGone(CardError):
    says = "存储卡“{card}”在采集途中被拔出。已封存的片段完好，其余仍在卡上；请重新插卡继续。"


class CardReadError(CardError):
    """A part of a file could not be read though the card is there: a bad sector."""


class SourceChanged(CardError):
    says = "存储卡上的“{card}”在复制时发生变化：{detail}。半截副本未入库，稍后会自动重试。"


class ReadBackFailed(AvrecordError):
    says = "“{path}”写入后回读与原文件不符，副本未入库，存储卡未被改动；请检查磁盘后重新采集。"
    exit_code = 20


class NoSpace(AvrecordError):
    says = "磁盘空间不足：需要 {needed} 字节，可用 {free} 字节。采集已暂停，存储卡未被改动；请腾出空间。"
    exit_code = 21


class StationBusy(AvrecordError):
    says = "采集站 {root} 已有一个 avrecord run 在运行（进程 {pid}）。本次未做任何改动；请使用已在运行的服务，或先停止它。"
    exit_code = 22


class ConfigError(AvrecordError):
    says = "配置有误：{detail}。未做任何改动；请修改 {path} 后重试。"
    exit_code = 30


class NoStation(ConfigError):
    says = "{root} 不是采集站目录（没有 station.toml）。请先运行 avrecord init，或用 --root 指明目录。"


class StationExists(ConfigError):
    says = "{root} 已经是采集站目录，未做任何改动。"


class LogBehind(EvidenceError):
    says = (
        "见证方见过本日志 {seen} 条，而本站只有 {size} 条：日志可能被截断，或恢复成了较旧的一份。"
        "未做任何改动；请保留现场并通知审计人员。"
    )
    exit_code = 13


class StationUnreadable(AvrecordError):
    says = "采集站 {station} 的记录有读不懂的内容（{detail}），这个站没有处理，别的站照常；请核对该站的程序版本。"
    exit_code = 15


class LogForked(EvidenceError):
    says = (
        "对象存储中有本站签名的另一个过去（前 {size} 条不同）：本站可能恢复成了旧的镜像后又继续记录。"
        "没有改写其中任何一个；请停止采集，保留双方并通知审计人员。"
    )
    exit_code = 13


class StationFrozen(EvidenceError):
    says = (
        "采集站 {station} 的日志不是以前见过的那一份的延续：{detail}。已停止收取该站，已有的索引不变，"
        "两份签名文本保存在 {path}。请通知审计人员，查明以前不要重新初始化该站。"
    )
    exit_code = 13


class KeyProblem(AvrecordError):
    says = "密钥 {path} 有误：{detail}。未签名，未改动任何文件；请联系系统管理员。"
    exit_code = 31


class BadInput(AvrecordError):
    says = "输入文件“{path}”有误：{detail}。未导入任何内容，原文件未被改动。"
    exit_code = 32


class BadQuestion(AvrecordError):
    says = "“{what}”填得不对：{detail}。请改正后重试；没有改动任何内容。"
    exit_code = 32


class ShorterRetention(BadInput):
    """A list that would let clips expire earlier than they would now."""

    says = (
        "未采用清单“{path}”：按它的保管期限，已有 {clips} 个片段会提前到期。未做任何改动；"
        "请先用 avrecord retention due --as-if {path} 逐个查看，确认后加 --accept-shorter。"
    )


class NoSpaceForArchive(AvrecordError):
    says = "归档目录 {path} 空间不足：需要 {needed} 字节，可用 {free} 字节。未开始写入，库内片段未受影响；请换一块更大的磁盘。"
    exit_code = 21


class CannotRepair(AvrecordError):
    """No derived copy can be made of a clip without an index."""

    says = "“{path}”不能修复：{detail}。原件未被改动。"
    exit_code = 32


class UnknownName(AvrecordError):
    says = "没有找到{what}“{name}”。请核对后重试。"
    exit_code = 32


class DatabaseProblem(AvrecordError):
    says = "数据库有误：{detail}。日志和片段未受影响；可运行 avrecord rebuild 由日志重建。"
    exit_code = 40


class SchemaChanged(DatabaseProblem):
    """The index was made by another version. It is only an index: it is made again from the log."""


class SqliteTooOld(DatabaseProblem):
    says = (
        "SQLite {version} 在 WAL 模式下可能损坏数据库（需要 3.51.3 或更新）。"
        "未打开数据库；请重新运行 make setup 安装所需的 pysqlite3。"
    )


class OnlyThere(AvrecordError):
    says = "这里是采集站 {station} 在市局的只读视图，没有做任何改动；请在该采集站上操作。"
    exit_code = 32


class StoreProblem(AvrecordError):
    says = "对象存储有误：{detail}。本地的片段和日志未受影响；已确认的上传不会重来，稍后重新运行即可接着做。"
    exit_code = 41


class ObjectMissing(StoreProblem):
    says = "对象存储中没有“{key}”。本地的片段和日志未受影响。"


class LockNotKept(StoreProblem):
    says = "对象存储收下了锁定“{key}”的请求，但{detail}。片段本身没有受影响；请重新探测存储。"


class ArchiveDiskAway(StoreProblem):
    says = "归档盘不在或写不进：{path}。片段未受影响；请在每台做归档的电脑接上同一个盘，设置里写绝对路径，然后接着做。"


class ObjectTooLarge(StoreProblem):
    """One object is not what could be there; the store itself answers."""


class KeyUnusable(StoreProblem):
    """A path of a statement that no store can have as a key."""


class StoreLogDiffers(StoreProblem):
    says = (
        "对象存储中采集站 {station} 的日志文件不符：{detail}。没有改写其中任何一个；"
        "只说明存储里的文件不对，不说明采集站的日志有问题。请核对存储。"
    )


class BagDiffers(EvidenceError):
    says = "归档盘上的“{path}”与封存时不符，资料包没有封口。请删去盘上的这个文件再做一次；存储中的片段未受影响。"


class ObjectDiffers(EvidenceError):
    says = "对象存储中的“{key}”与封存的内容不同。没有改写其中任何一个；请保留双方并通知审计人员。"


class StoreRefused(AvrecordError):
    says = "对象存储 {store} 不能用来存放证据：{detail}。没有上传任何证据；请换用符合要求的存储。"
    exit_code = 41


class ToolMissing(AvrecordError):
    says = "缺少程序或文件：{what}。{advice}"
    exit_code = 30


class IsolationMissing(AvrecordError):
    says = (
        '按设置（check.isolation = "required"）抽检必须与文件和网络隔离，而本机做不到：{detail}。'
        "未抽检，片段封存不受影响；请安装 bubblewrap 和 libseccomp2，或更换内核。"
    )
    exit_code = 30


class CannotInstall(AvrecordError):
    says = "未能安装服务：{detail}。采集站和已有的服务未受影响；处理后可重新运行，重复运行无害。"
    exit_code = 30


class CannotWrite(AvrecordError):
    says = "未能写入“{path}”：{detail}。未改动任何已有文件；请检查目录是否存在、是否可写。"
    exit_code = 32


class Interrupted(AvrecordError):
    says = "已中断，进度已保存；再次运行会从中断处继续。"
    exit_code = 130


def every_error(root: type[AvrecordError] = AvrecordError) -> list[type[AvrecordError]]:
    """The whole tree below `root`, itself first: for the documentation and its test."""
    return [root, *(found for child in root.__subclasses__() for found in every_error(child))]
