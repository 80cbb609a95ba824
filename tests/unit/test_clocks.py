"""The clock in the picture against the file's time: who is accused of what, and who is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from avrecord.model.moments import utc_text
from avrecord.model.observation import Facts
from avrecord.rules.clocks import KINDS, clock_faults
from avrecord.rules.judging import judge
from avrecord.rules.noticing import BLIND, DEAF
from avrecord.words import FAULTS, LOST_DAY
from unit.making import NINE, clip, examination, fault


def facts(ahead_s: float = 0, drift_ms: int = 0, minutes: float = 10, **more) -> Facts:
    start = utc_text(NINE + timedelta(seconds=ahead_s))
    ordinary = {"overlay_start": start, "overlay_drift_ms": drift_ms, "overlay_reads": 5, "duration_ms": round(minutes * 60_000)}
    return Facts(**(ordinary | more))


def kinds(found: Facts, claimed=NINE, tolerance_s: int = 60) -> list[str]:
    return [each.kind for each in clock_faults(found, claimed, tolerance_s)]


@pytest.mark.parametrize("ahead_s", [0, -45, 60])
def test_a_clip_that_was_buffered_before_the_key_was_pressed_is_no_fault(ahead_s):
    assert kinds(facts(ahead_s)) == []


@pytest.mark.parametrize(
    ("ahead_s", "words"), [(-8 * 3600, "画面慢 8 小时"), (61, "画面快 1 分 1 秒"), (-2 * 86400 - 5, "画面慢 2 天 5 秒")]
)
def test_a_renamed_clip_is_told_with_both_times_and_the_difference(ahead_s, words):
    (found,) = clock_faults(facts(ahead_s), NINE, 60)
    assert (found.kind, found.from_ms, found.to_ms) == ("clock_mismatch", 0, 600_000)
    assert words in found.detail
    assert "文件自称 2026-11-16 09:00:00" in found.detail


def test_without_a_clock_or_without_a_claim_nothing_is_said():
    assert kinds(Facts(duration_ms=600_000)) == []
    assert kinds(facts(-3600), claimed=None) == []


@pytest.mark.parametrize("drift_ms", [3600_000, -90_000, 3000, -3000])
def test_a_clock_that_was_set_while_recording_is_a_jump(drift_ms):
    assert kinds(facts(drift_ms=drift_ms)) == ["clock_jump"]


def test_a_second_of_rounding_and_an_uneven_frame_rate_are_no_jump():
    assert kinds(facts(drift_ms=2000)) == []
    assert kinds(facts(drift_ms=-4000, minutes=60)) == []
    assert kinds(facts(drift_ms=-6000, minutes=60)) == ["clock_jump"]


def test_a_derived_copy_with_nominal_times_is_not_compared():
    assert kinds(facts(-3600, drift_ms=9000, derived_from="0" * 64)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_clock_hides_nothing_from_a_check(kind):
    one = clip()
    why, faulty = {"id_shown": "没有方法"}, examination(one, faults=(fault(kind),))
    assert kind not in (*BLIND, *DEAF)
    assert judge("id_shown", [one], {one.id.hex: faulty}, why, ["printed"]).mark == "not_seen"
    assert kind in FAULTS
    assert kind in LOST_DAY
