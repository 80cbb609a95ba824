"""A score orders finds; how often such finds are right is counted, and said with the end that may be relied on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.checks import measured
from avrecord.checks.measured import worth_of
from avrecord.errors import ConfigError
from avrecord.model.observation import Observation
from avrecord.rules.worth import Worth
from avrecord.station import shipped


def found(check: str = "id_shown@2", *, doubtful: bool = False) -> Observation:
    return Observation("id_shown", check, 0, 1000, "行政执法证", None, doubtful=doubtful)


def test_all_of_sixty_right_is_not_certainty():
    assert Worth(60, 60).low == 939
    assert Worth(0, 5).low == 0


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_lower_end_never_exceeds_the_share_and_grows_with_what_was_counted(counted):
    right, of = counted
    worth = Worth(right, of)
    assert 0 <= worth.low <= 1000 * right / of
    assert Worth(right * 10, of * 10).low >= worth.low


def test_figures_count_for_their_version_of_a_check_and_for_doubts_apart(tmp_path):
    path = tmp_path / "measured.toml"
    path.write_text('["id_shown@2"]\ncertain = [61, 61]\ndoubtful = [9, 12]\n', "utf-8")
    known = measured.read(path)
    assert worth_of(found(), known) == Worth(61, 61)
    assert worth_of(found(doubtful=True), known) == Worth(9, 12)
    assert worth_of(found("id_shown@3"), known) is None
    assert measured.read(tmp_path / "absent.toml") == {}


@pytest.mark.parametrize(
    "text", ['["a@1"]\ncertain = [5, 3]', '["a@1"]\ncertain = [1]', '["a@1"]\ncertain = 3', "nonsense", '"a@1" = 3']
)
def test_figures_that_cannot_be_are_a_configuration_error(tmp_path, text):
    path = tmp_path / "measured.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError):
        measured.read(path)


def test_the_shipped_figures_can_be_read():
    assert all(worth.low <= 1000 for worth in measured.read(shipped("config") / measured.FILE).values())
