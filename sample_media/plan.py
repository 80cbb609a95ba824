"""The working day: two recorders, their clips, what happens in each, and what a check should conclude."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta


@dataclass(frozen=True)
class Recorder:
    """One of the two recorders whose cards are drawn."""

    serial: str
    user: str
    fast: int  # seconds by which its clock is ahead of Beijing time


DCAM = Recorder("Z3A0017", "041007", 35)
DSJ = Recorder("B200315", "041012", -2)


@dataclass(frozen=True)
class Moment:
    """A paper to show, and a sentence to say while it is up."""

    paper: str  # a certificate or distractor by name, or a notice by its title
    kind: str  # cert | notice | neg
    say: str | None = None
    brief: bool = False  # shown in the quick version too


@dataclass(frozen=True)
class Clip:
    """One video file."""

    recorder: Recorder
    starts: datetime  # Beijing time
    seconds: float
    scene: str
    signs: tuple[str, ...] = ()
    moments: tuple[Moment, ...] = ()
    say: str | None = None  # at the beginning, apart from any paper
    covered: bool = False
    marked: bool = False  # the officer pressed the recorder's "important" key
    cut: bool = False  # the power failed while it was written

    @property
    def claimed(self) -> datetime:
        """What the recorder's clock showed at the start."""
        return self.starts + timedelta(seconds=self.recorder.fast)

    @property
    def path(self) -> str:
        """Where the recorder puts it, relative to `cards/`."""
        at = self.claimed
        if self.recorder == DSJ:
            return f"{DSJ.serial}/{at:%Y%m%d}/{at:%H%M%S}.MP4"
        important = "_IMP" if self.marked else ""
        return f"{DCAM.serial}/VIDEO/DCAM_{DCAM.serial}_{DCAM.user}_{at:%Y%m%d_%H%M%S}{important}.mp4"


@dataclass(frozen=True)
class Stage:
    """A row of the case list."""

    case: str
    kind: str
    stage: str
    unit: str
    officers: tuple[str, ...]
    starts: datetime
    ends: datetime
    place: str
    party: str
    expect: str
    clips: tuple[Clip, ...] = field(default=())


def at(day: date, clock: str) -> datetime:
    """Beijing time on the day."""
    return datetime.combine(day, time.fromisoformat(clock))


CERT, NOTICE, NEG = "cert", "notice", "neg"
BUREAU_SIGN = "丰源市城市管理综合行政执法局"
EAST, WEST = "丰源市城管执法局东湖大队", "丰源市城管执法局西园大队"


def clips(day: date, quick: bool) -> dict[str, Clip]:
    """All videos of the day by a short name; in the quick version they last 10 seconds.

    "patrol" belongs to no case and shows nothing that counts.
    """

    def clip(recorder, clock, full, short, scene, **more):
        return Clip(recorder, at(day, clock), short if quick else full, scene, **more)

    second_file = "09:00:10" if quick else "09:01:00"
    after_hole = "15:01:05" if quick else "15:02:00"
    return {
        "warning_1": clip(
            DCAM,
            "09:00:00",
            60,
            10,
            "front",
            signs=(BUREAU_SIGN,),
            say="N4_zf_xiaoyi",
            moments=(
                Moment("n_badge", NEG),
                Moment("card_back", CERT, "S1_zf_xiaoxiao", True),
                Moment("n_licence", NEG),
                Moment("n_id", NEG, None, True),
            ),
        ),
        "warning_2": clip(
            DCAM,
            second_file,
            60,
            10,
            "front",
            signs=("综合行政执法",),
            say="X1_zm_yunjian",
            moments=(
                Moment("n_bill", NEG),
                Moment("责令改正通知书", NOTICE, "N2_zm_yunxi", True),
                Moment("n_permit", NEG, None, True),
            ),
        ),
        "evidence": clip(
            DCAM,
            "10:20:00",
            70,
            10,
            "inside",
            signs=("行政执法公示栏",),
            say="X2_zf_xiaoxiao",
            moments=(
                Moment("n_licence", NEG, None, True),
                Moment("booklet", CERT, "S4_zm_yunxi", True),
                Moment("n_bill", NEG),
                Moment("n_id", NEG),
                Moment("n_cover", NEG),
            ),
            marked=True,
        ),
        "service": clip(
            DCAM,
            "11:10:00",
            60,
            10,
            "inside",
            signs=("城市管理为人民",),
            moments=(
                Moment("cover", CERT, "S4_zm_yunxi", True),
                Moment("n_cover", NEG),
                Moment("行政处罚决定书", NOTICE, "N2_zm_yunxi", True),
            ),
        ),
        "patrol": clip(
            DSJ,
            "11:40:00",
            40,
            10,
            "street",
            signs=("行政执法公示栏", BUREAU_SIGN),
            moments=(
                Moment("n_cover", NEG, None, True),
                Moment("n_badge", NEG),
                Moment("n_bill", NEG, None, True),
                Moment("n_id", NEG, "X2_zf_xiaoxiao"),
            ),
        ),
        "seizure_1": clip(
            DSJ,
            "15:00:00",
            65,
            10,
            "street",
            signs=(BUREAU_SIGN, "共建文明城市"),
            moments=(
                Moment("n_permit", NEG),
                Moment("card_case", CERT, "S1_zf_xiaoxiao", True),
                Moment("n_cover", NEG, None, True),
            ),
            say="N4_zf_xiaoyi",
        ),
        "seizure_2": clip(
            DSJ,
            after_hole,
            60,
            10,
            "street",
            signs=("综合行政执法",),
            moments=(
                Moment("n_licence", NEG, None, True),
                Moment("查封（扣押）决定书", NOTICE, "N2_zm_yunxi", True),
                Moment("n_badge", NEG),
            ),
        ),
        "covered": clip(DSJ, "16:30:00", 65, 10, "front", say="X1_zm_yunjian", covered=True),
        "cut_1": clip(DCAM, "17:32:30", 15, 3, "street", moments=(Moment("n_id", NEG),), cut=True),
        "cut_2": clip(DSJ, "10:05:02", 15, 3, "front", signs=(BUREAU_SIGN,), cut=True, moments=(Moment("n_licence", NEG),)),
    }


def stages(day: date, quick: bool, videos: dict[str, Clip]) -> list[Stage]:
    """The case list with what the footage should lead to."""
    year = f"〔{day.year}〕"

    def row(case, kind, stage, unit, officers, names, place, party, expect, window=None):
        used = tuple(videos[name] for name in names)
        first, last = window or (used[0].starts, used[-1].starts + timedelta(seconds=used[-1].seconds))
        return Stage(case, kind, stage, unit, officers, first, last, place, party, expect, used)

    nothing = (at(day, "14:00:00"), at(day, "14:01:00" if quick else "14:10:00"))
    return [
        row(
            f"丰综执罚字{year}44号",
            "行政处罚",
            "现场检查",
            WEST,
            ("FY041007", "FY041008"),
            ("warning_1", "warning_2"),
            "东湖路128号门前",
            "丰源市绿叶水果店",
            "complete",
        ),
        row(
            f"丰综执罚字{year}44号",
            "行政处罚",
            "调查取证",
            WEST,
            ("FY041007", "FY041008"),
            ("evidence",),
            "东湖路128号店内",
            "丰源市绿叶水果店",
            "notice_given not seen",
        ),
        row(
            f"丰综执罚字{year}45号",
            "行政处罚",
            "先行登记保存",
            EAST,
            ("FY041015", "FY041008"),
            (),
            "滨河西路农贸市场",
            "丰源市鸿顺商贸有限公司",
            "no footage",
            nothing,
        ),
        row(
            f"丰综执强字{year}7号",
            "行政强制",
            "查封扣押",
            EAST,
            ("FY041012", "FY041015"),
            ("seizure_1", "seizure_2"),
            "建材街33号",
            "丰源市东湖建材经营部",
            "gap",
        ),
        row(
            f"丰综执检字{year}12号",
            "行政检查",
            "现场检查",
            EAST,
            ("FY041012", "FY041015"),
            ("covered",),
            "建材街工地出入口",
            "丰源市宏远建筑有限公司",
            "cannot_tell",
        ),
        row(
            f"丰综执罚字{year}46号",
            "行政处罚",
            "直接送达",
            WEST,
            ("FY041007", "FY041008"),
            ("service",),
            "文昌巷9号店内",
            "丰源市好味道餐饮店",
            "complete",
        ),
    ]
