"""The rendered sample through the whole path, once: what comes out is what was drawn."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from openpyxl import load_workbook

from avrecord.cli.main import run
from avrecord.model.moments import BEIJING, from_utc_text
from avrecord.station import open_station
from cli.desk import Said
from conftest import NOW

# The sample is walked once, not once for each process.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("whole-path")]

EXPECTED = {
    "complete": set(),
    "notice_given not seen": {("cannot_tell", "notice_given")},  # it may have been spoken, and no model listens here
    "no footage": {("no_footage", None)},
    "gap": {("gap", None)},
    "cannot_tell": {("cannot_tell", "id_shown"), ("cannot_tell", "notice_given")},
}


class Demo:
    """`avrecord demo --once` on the sample, and questions about what it made."""

    def __init__(self, folder: Path, sample: Path) -> None:
        (folder / "sample").symlink_to(sample)
        self.root = folder / "station"
        self.truth = json.loads((sample / "TRUTH.json").read_text("utf-8"))
        self.said = self("demo", "--once", "--quick")

    def __call__(self, *words: str | Path) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patch.setattr("avrecord.cli.base.open_station", partial(open_station, clock=lambda: NOW))
            patch.setenv("LANGUAGE", "zh_CN")
            code = run(["--root", str(self.root), *map(str, words)])
        return Said(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def demo(sample, tmp_path_factory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo"), sample)


def test_the_demo_runs_to_its_end_and_answers_three_questions(demo):
    assert demo.said.code == 0, demo.said.err
    assert "Traceback" not in demo.said.err
    questions = ("$ avrecord cases missing\n", "$ avrecord verify --all\n", "$ avrecord devices availability --month 2026-11\n")
    assert [question for question in questions if question not in demo.said.out] == []


def test_what_is_missing_is_what_was_not_drawn(demo):
    found = demo("cases", "missing", "--json")
    lacks = {(s["case"], s["stage"]): set() for s in demo.truth["stages"]}
    for row in found.json["rows"]:
        lacks[row["case"], row["stage"]].add((row["what"], row["segment"]))
    assert lacks == {(s["case"], s["stage"]): EXPECTED[s["expect"]] for s in demo.truth["stages"]}
    assert found.code == 10


def test_the_truth_holds_each_kind_of_outcome(demo):
    assert {stage["expect"] for stage in demo.truth["stages"]} == set(EXPECTED)


def test_clips_are_linked_to_the_stages_they_were_drawn_for(demo):
    names = {clip["clip"]: clip["name"] for clip in demo("clips", "--json").json["rows"]}
    linked = {(r["case"], r["stage"]): {names[clip] for clip in r["clips"]} for r in demo("cases", "list", "--json").json["rows"]}
    for stage in demo.truth["stages"]:
        drawn = {Path(path).name for path in stage["clips"]}
        assert {name for name in linked[stage["case"], stage["stage"]] if name.lower().endswith(".mp4")} >= drawn


def test_true_times_are_the_drawn_ones_though_the_recorders_clocks_were_off(demo):
    found = {clip["stored"]: clip["start"] for clip in demo("clips", "--json").json["rows"]}
    for clip in demo.truth["clips"]:
        (start,) = [start for stored, start in found.items() if stored.endswith(clip["path"])]
        drawn = datetime.fromisoformat(clip["true_start"]).replace(tzinfo=BEIJING)
        assert abs((from_utc_text(start) - drawn).total_seconds()) <= 1, clip["path"]


def test_a_certificate_is_seen_while_it_was_held_up(demo):
    for stage in (s for s in demo.truth["stages"] if s["expect"] == "complete"):
        rows = demo("cases", "show", stage["case"], "--json").json["rows"]
        for mark in next(row for row in rows if row["stage"] == stage["stage"])["marks"]:
            assert mark["mark"] == "seen", (stage["case"], mark)
            assert mark["evidence"]


def test_every_file_of_both_cards_is_sealed_and_verifies(demo, sample):
    found = demo("verify", "--all", "--json")
    contents = {path.read_bytes() for path in (sample / "cards").rglob("*") if path.is_file()}
    assert (found.code, found.json["totals"]) == (0, {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": len(contents)})


def test_the_recorders_clocks_are_known_from_their_own_logs(demo):
    offsets = {row["recorder"]: row["clock_offset_s"] for row in demo("devices", "list", "--json").json["rows"]}
    assert (offsets["Z3A0017"], offsets["B200315"]) == (35.0, -2.0)


def test_availability_adds_up(demo):
    found = demo("devices", "availability", "--month", "2026-11", "--json").json
    lost = {(row["recorder"], row["day"]) for row in found["rows"]}
    assert found["serviceable_days"] == found["in_service_days"] - len(lost) < found["in_service_days"]
    assert {row["reason"] for row in found["rows"]} >= {"repair"}


def test_the_ledger_shows_mark_clip_and_moment(demo):
    page = load_workbook(demo.root / "exports" / "附件9自查工作台账.xlsx")["自查工作台账"]
    cells = "\n".join(str(cell.value) for row in page for cell in row)
    assert {
        word
        for word in ("抽检已见（", "无法判断（画面中未见；声音未检测（未安装语音模型）", "无法判断（", "无录像", "起缺 ")
        if word not in cells
    } == set()
    assert page.max_row >= 2 + len({stage["case"] for stage in demo.truth["stages"]}) + 3


def test_a_second_run_adds_nothing(demo):
    size = demo("status", "--json").json["log_size"]
    again = demo("demo", "--once", "--quick")
    assert (again.code, "本次没有新增任何内容" in again.out) == (0, True)
    assert demo("status", "--json").json["log_size"] == size


def test_a_rebuilt_index_gives_the_same_answers(demo):
    questions = (("cases", "missing"), ("cases", "list"), ("clips",), ("devices", "list"))
    before = [demo(*words, "--json").out for words in questions]
    assert demo("rebuild").code == 0
    assert [demo(*words, "--json").out for words in questions] == before
