"""Somebody at a station: commands said in this process with a clock that stands still, and a day's footage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from avrecord.cli.main import run
from avrecord.model.observation import Examination, Facts, Fault, Observation
from avrecord.model.statement import ClipExamined
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import link_all
from avrecord.pipeline.record import state
from avrecord.station import open_station
from avrecord.store import documents
from conftest import NOW, pattern
from ledger.ledger_files import book, case_row, case_table

CASE = "综执罚字〔2026〕44号"
NO_FOOTAGE = "综执罚字〔2026〕45号"
EAST, WEST = "东湖大队", "西园大队"
PRINTED = ("id_shown", "notice_given")
PLAN = (
    "--problem", "送达时未告知", "--leader", "李局长", "--department", "法制科",
    "--measure", "集中学习", "--deadline", "2026-12-20",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What one command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Desk:
    """`desk("cases", "missing")` runs that command on the station of `root`; `words` stand for others."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr("avrecord.cli.base.open_station", partial(open_station, clock=lambda: NOW))
        self.root, self._capsys = root, capsys
        self.words: dict[str | Path, str | Path] = {}

    def __call__(self, *words: str | Path) -> Said:
        self._capsys.readouterr()
        code = run(["--root", str(self.root), *(str(self.words.get(word, word)) for word in words)])
        return Said(code, *self._capsys.readouterr())

    def rows(self, *words: str | Path) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self(*words, "--json").json["rows"]
        return found


def spoken(lines: Sequence[Sequence[str | Path]], **env: str) -> list[Said]:
    """Command lines said one after another to a process that starts as the installed program does."""
    script = (
        "import contextlib, io, json, sys\n"
        "from avrecord.__main__ import main\n"
        "said = []\n"
        "for words in json.load(sys.stdin):\n"
        "    out, err, sys.argv, code = io.StringIO(), io.StringIO(), ['avrecord', *words], None\n"
        "    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):\n"
        "        try:\n"
        "            main()\n"
        "        except SystemExit as end:\n"
        "            code = end.code\n"
        "    said.append([code, out.getvalue(), err.getvalue()])\n"
        "json.dump(said, sys.stdout)\n"
    )
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("LANG", "LC_", "AVRECORD"))}
    done = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps([[str(word) for word in words] for words in lines]),
        capture_output=True, text=True, timeout=60, check=True, env=plain | {"LANG": "C.UTF-8"} | env,
    )  # fmt: skip
    return [Said(*answer) for answer in json.loads(done.stdout)]


def fleet_file(folder: Path) -> Path:
    """Two recorders, each with its officer; the second was away for repair on three days of November."""
    return book(
        folder / "设备.xlsx",
        设备=[
            ("设备编号", "型号", "单位", "购买日期"),
            ("Z3A0017", "DCAM", EAST, "2026-01-01"),
            ("Z3A0021", "DCAM", WEST, "2026-11-11"),
        ],
        领用=[("设备编号", "执法证号", "启用日期"), ("Z3A0017", "FY1", "2026-01-01"), ("Z3A0021", "FY2", "2026-11-11")],
        设备事件=[("设备编号", "日期", "结束日期", "事件", "说明"), ("Z3A0021", "2026-11-12", "2026-11-14", "送修", "更换电池")],
    )


def cases_file(folder: Path) -> Path:
    """Two stages of one case by FY1, and one stage by FY2 that nobody filmed."""
    return case_table(
        folder / "案件.xlsx",
        case_row(),
        case_row(stage="直接送达", officers="FY1", start="2026-11-16 10:00", end="2026-11-16 10:10"),
        case_row(
            case=NO_FOOTAGE, stage="先行登记保存", unit=WEST, officers="FY2", start="2026-11-17 14:00", end="2026-11-17 14:10"
        ),
    )


def clip_id(kit: Kit, ending: str) -> str:
    """The id of the clip whose name ends so."""
    (found,) = [clip.id.hex for clip in kit.records.clips() if clip.name.endswith(ending)]
    return found


def examined(
    kit: Kit, ending: str, seconds: int, seen: Sequence[str] = (), looked: Sequence[str] = PRINTED, faults: Sequence[str] = ()
) -> None:
    """State an examination of a clip as the check does: fake bytes show nothing by themselves.

    What the picture could speak for was listened for as well, from end to end.
    """
    clip = clip_id(kit, ending)
    facts = Facts(duration_ms=seconds * 1000, longest_gap_ms=1000, video_codec="h264", width=640, height=360)
    found = Examination(
        clip=clip, outcome="complete", reason=None, checks=tuple(f"{name}@1" for name in looked),
        looked=tuple(looked), facts=facts,
        observations=tuple(Observation(each, f"{each}@1", 65_000, 960, "行政执法证", None) for each in seen),
        faults=tuple(Fault(kind, "frames@1", 0, 5000) for kind in faults),
        listened=tuple(looked), heard=((0, seconds * 1000),),
    )  # fmt: skip
    document = kit.attachments.put(documents.examination(found))
    body = ClipExamined(
        clip=clip, outcome="complete", reason=None, attempt=1, checks=found.checks,
        duration_ms=seconds * 1000, examination=document,
    )  # fmt: skip
    state(kit, [body])


def filmed_day(
    desk: Desk,
    kit: Kit,
    dcam: Callable[..., Path],
    dock: Callable[..., Any],
    folder: Path,
    seen: Sequence[str] = PRINTED,
    seconds: int = 1200,
) -> None:
    """Clips of the first two stages of `cases_file` by a registered recorder: the first shows `seen`, the second nothing; the
    third stage has none."""
    dock(dcam({"VIDEO/090000.mp4": pattern(3000), "VIDEO/100000.mp4": pattern(3000, 2)}))
    desk("devices", "import", fleet_file(folder))
    desk("cases", "import", cases_file(folder), "--apply")
    examined(kit, "090000.mp4", seconds, seen=seen)
    examined(kit, "100000.mp4", 600)
    link_all(kit)
