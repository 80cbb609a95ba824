"""The page of limits tells a bureau how to measure the rate on its own footage: what it prints there works."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from cli.desk import CASE, NO_FOOTAGE, Desk, filmed_day
from conftest import PROJECT

PAGE = (PROJECT / "docs" / "limits.md").read_text("utf-8")
SCRIPTS = re.findall(r"python3 -c '\n(.*?)\n'", PAGE, flags=re.DOTALL)
WHY = ("--by", "FY9", "--why", "画面清楚")


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """Two filmed stages: in one both papers were found, in the other nothing; and one without footage."""
    made = Desk(kit.root, monkeypatch, capsys)
    filmed_day(made, kit, dcam, dock, tmp_path)
    return made


def run(script: str, listed: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", script], input=listed, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.splitlines()


def test_the_page_prints_a_sample_and_a_count():
    assert len(SCRIPTS) == 2


def test_the_sample_names_filmed_stages_with_their_clips_and_never_their_marks(desk):
    lines = run(SCRIPTS[0], desk("cases", "list", "--json").out)
    assert sorted(line.split("\t")[:2] for line in lines) == [[CASE, "现场检查"], [CASE, "直接送达"]]
    assert all(NO_FOOTAGE not in line and "seen" not in line for line in lines)


def test_the_sample_is_the_same_whenever_it_is_drawn(desk):
    listed = desk("cases", "list", "--json").out
    assert run(SCRIPTS[0], listed) == run(SCRIPTS[0], listed)


def test_reviews_are_counted_against_marks_the_latest_one_only(desk):
    for stage, decision in (("现场检查", "missing"), ("现场检查", "seen"), ("直接送达", "seen")):
        assert desk("review", CASE, stage, "notice_given", "--as", decision, *WHY).code == 0
    desk("review", CASE, "直接送达", "footage", "--as", "seen", *WHY)
    assert run(SCRIPTS[1], desk("cases", "list", "--json").out) == [
        "notice_given\tseen\tnot_seen\t1",
        "notice_given\tseen\tseen\t1",
    ]


def test_an_item_that_is_not_required_counts_for_nothing(desk):
    desk("review", CASE, "直接送达", "notice_given", "--as", "not_required", *WHY)
    assert run(SCRIPTS[1], desk("cases", "list", "--json").out) == []


def test_the_answer_has_the_keys_that_the_page_speaks_of(desk):
    (row, *_) = json.loads(desk("cases", "list", "--json").out)["rows"]
    assert {"case", "stage", "clips", "marks", "reviews"} <= set(row)
