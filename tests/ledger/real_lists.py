"""Eight workbooks in the column sets of eight bureaus, with their quirks and rows in our own words; merged cells are real."""

# ruff: noqa: E501 - a row of a sheet is read as a row

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter

Row = Sequence[object]
UP = "↑"
"""A cell that is merged with the one above it."""


@dataclass(frozen=True)
class RealList:
    """One bureau's list: rows as they lie; `UP` merges a cell with the one above, `wide` rows run over all columns."""

    bureau: str
    rows: Sequence[Row]
    header: int
    """Row of the header, from 0."""
    wide: Sequence[int] = ()
    across: Sequence[tuple[int, int, int]] = ()
    """Row, first and last column of cells merged across: the upper line of a header of two lines."""
    sheet: str = "Sheet1"
    unknown: Sequence[str] = field(default=())


def write_list(path: Path, found: RealList) -> Path:
    """The workbook with merged cells as Excel makes them."""
    width = max(map(len, found.rows))
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        page = book.add_worksheet(found.sheet)
        for top, row in enumerate(found.rows):
            if top in found.wide:
                page.merge_range(top, 0, top, width - 1, str(row[0]))
                continue
            across = {first: last for at, first, last in found.across if at == top}
            for n, cell in enumerate(row):
                bottom = _bottom(found.rows, top, n)
                if cell in (UP, ""):
                    continue
                if n in across:
                    page.merge_range(top, n, top, across[n], cell)
                elif bottom > top:
                    page.merge_range(top, n, bottom, n, cell)
                else:
                    page.write(top, n, cell)
    return path


def _bottom(rows: Sequence[Row], top: int, n: int) -> int:
    bottom = top
    while bottom + 1 < len(rows) and n < len(rows[bottom + 1]) and rows[bottom + 1][n] == UP:
        bottom += 1
    return bottom


ZHENGXIANG = RealList(
    "蒸湘区城管局",
    [
        ("附件2",),
        ("东湖区城管局行政执法音像记录事项清单",),
        ("执法类别", "执法事项", "执法环节", "记录事项", "存储类别", "存储位置", "存储期限"),
        ("行 政 检 查", "市容环境\n卫生检查", "现场检查", "表明身份：不少于2名执法人员，出示有效执法证件", "补强证据类", "本地指定专用设备", "2年"),
        (UP, UP, UP, "检查过程及告知当事人检查结果", "补强证据类", "本地指定专用设备", "2年"),
        ("行 政 处 罚", "占道经营", "调查取证", "取证全过程", "证据类", "本地指定专用设备", "两年"),
        (UP, UP, "事先告知", "告知拟处罚的事实、理由、依据，告知陈述、申辩权利", "证据类", "本地指定专用设备", "同案卷"),
        (UP, UP, "送达（直接／留置／公告）", "送达过程，当事人签收", "证据类", "本地指定专用设备", "长期"),
        ("行 政 强 制", "违法建设", "强制拆除", "拆除前宣读决定，拆除全过程，见证人", "证据类", "本地指定专用设备", "永久"),
        ("注：本清单由法制股负责解释。",),
    ],
    header=2,
    wide=(0, 1, 9),
)  # fmt: skip

HELAN = RealList(
    "贺兰县综合执法局",
    [
        ("综合执法局执法全过程音像记录事项清单（2025年6月11日）",),
        ("序号", "执法类别", "执法环节", "记录场所", "记录载体", "记录人", "记录内容", "执法记录类别", "执法时限要求", "备注"),
        (1, "行政处罚", "当场处罚", "违法行为发生地", "执法记录仪", "执法人员", "敬礼，亮证，告知违法事实、处罚依据，听取陈述申辩", "场景类", "适时", ""),
        (2, "", "约谈", "办公室", "执法记录仪", "承办人员", "约谈全过程", "约谈类", "适时", "未成年人须有监护人在场"),
        (3, "", "留置送达", "当事人住所", "执法记录仪", "送达人员", "留置过程", "场景类", "24小时内", ""),
        (4, "行政强制", "查封、扣押", "现场", "执法记录仪,照相机", "执法人员", "清点物品;当事人签字确认", "场景类", "即时", ""),
    ],
    header=1,
    wide=(0,),
)  # fmt: skip

XINLE = RealList(
    "新乐市住建局",
    [
        ("音像记录事项清单",),
        ("序号", "执法环节", "执法事项", "记录事项", "记录场合", "执法时限要求", "执法部门", "记录人", "开始记录时间", "记录过程", "结束记录时间", "执法记录类别", "备注"),
        (1, "检查环节", "行政检查", "现场检查过程", "被检查单位", "适时", "执法大队", "执法人员", "出示执法证件时", "进入、检查、制作笔录", "当事人签字确认", "场景类", ""),
        (2, "", "", "检查确认", "被检查单位", "适时", "执法大队", "执法人员", "检查结束", "当事人确认检查结果", "离开", "确认类", "无需告知听证权利"),
        (3, "处罚环节", "行政处罚", "询问当事人", "询问室", "适时", "执法大队", "询问人员", "询问开始", "告知权利义务，询问全过程", "笔录签名", "约谈类", ""),
    ],
    header=1,
    unknown=("执法部门",),
)  # fmt: skip

JIAOZUO = RealList(
    "焦作市司法局",
    [
        ("序号", "执法类别", "执法事项", "记录环节", "记录方式", "记录开始时间", "记录内容", "记录结束时间", "存储期限", "备注"),
        (1, "行政处罚", "对违规经营的处罚", "现场检查", "全程录音录像", "进入现场", "出示证件，说明来意", "离开现场", "永久", ""),
        (2, UP, UP, "询问", "全程录音录像", "询问开始", "核对身份，告知权利", "签名完毕", "永久", ""),
        (3, UP, UP, "责令改正核查", "拍照或录音录像", "到达现场", "改正情况", "离开现场", "不少于6个月", ""),
        (4, UP, "对违规代理的处罚", "现场检查", "录音", "进入现场", "询问情况", "离开现场", "永久", ""),
    ],
    header=0,
)  # fmt: skip

WUZHONG = RealList(
    "吴中区交通",
    [
        ("序号", "记录事项", "记录场所", "记录设备", "记录内容"),
        (1, "现场检查", "道路、场站", "执法记录仪", "表明身份、出示执法证件、告知、当事人是否配合等情况"),
        (2, "证据先行登记保存", "现场", "执法记录仪", "表明身份、出示执法证件、告知、当事人是否配合、清点物品等情况"),
        (3, "罚没物资处置", "仓库", "照相机", "处置前后，不得出示执法证件复印件"),
        ("", "", "", "", ""),
        ("说明：以上由各中队执行",),
        ("2026年3月1日",),
    ],
    header=0,
)  # fmt: skip

LIANCHI = RealList(
    "莲池区",
    [
        ("序号", "执法事项", "记录方式", "记录人", "记录过程"),
        ("一、行政检查",),
        (1, "日常检查", "拍照", "执法人员", "检查现场情况，告知陈述申辩权利"),
        ("二、行政处罚",),
        (2, "听取陈述申辩", "录音或者录像", "承办人", "口头陈述、申辩全过程"),
        (3, "举行听证", "录音录像和文字记录", "听证主持人", "听证会全过程"),
        ("序号", "执法事项", "记录方式", "记录人", "记录过程"),
        (4, "公告送达", "拍照", "送达人员", "张贴位置"),
    ],
    header=0,
    wide=(1, 3),
)  # fmt: skip

SHANXI = RealList(
    "山西气象",
    [
        ("行政执法音像记录清单",),
        ("序号", "类别", "关键环节", "记录方式", "保管期限", "备注"),
        (1, "行政检查", "现场检查", "重点环节录像", "同案卷保留期限", ""),
        (2, UP, "抽样取证", "可以拍照", "同案卷保留期限", "样品封存处须拍清"),
        (3, "行政强制", "查封", "全程录音录像", "6个月以上，重大案件永久", "强制拆除另见"),
        ("", "", "扣押", "全程录音录像", "", ""),
    ],
    header=1,
    wide=(0,),
)  # fmt: skip

XINGTAI = RealList(
    "邢台统计",
    [
        ("执法音像记录事项清单", ),
        ("序号", "执法事项", "执法环节", "执法场所", "记录时间", "", "记录人员", "记录方式", "记录内容", "记录标识要求", "备注"),
        (UP, UP, UP, UP, "开始", "结束", UP, UP, UP, UP, UP),
        (1, "执法检查", "送达检查通知书", "被检查单位", "到达", "签收后", "执法人员", "拍照、录像", "送达情况；不再告知救济途径，应当告知检查内容", "案件名称+日期", "=1+1"),
        (2, UP, "进场检查", "被检查单位", "进场", "离场", "执法人员", "录像", "出示执法证，着装规范，使用规范用语", "案件名称+日期", ""),
    ],
    header=1,
    wide=(0,),
    across=((1, 4, 5),),
    unknown=("记录标识要求",),
)  # fmt: skip

REAL_LISTS = (ZHENGXIANG, HELAN, XINLE, JIAOZUO, WUZHONG, LIANCHI, SHANXI, XINGTAI)
