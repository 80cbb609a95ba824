"""The set that recall is measured on says how much of a phrase is covered: that share is measured, not wished."""

from __future__ import annotations

import importlib.util

import pytest

from conftest import PROJECT


@pytest.fixture
def project_path(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT))


@pytest.mark.parametrize("name", ["card_back", "card_case", "cover", "booklet"])
@pytest.mark.parametrize("wanted", [0.1, 0.25, 0.45])
def test_a_finger_covers_about_the_share_of_the_phrase_that_it_is_asked_to(project_path, name, wanted):
    import numpy as np
    from sample_media import documents, shown

    for seed in range(3):
        rng = np.random.default_rng(seed)
        pose = shown.Pose(24.0, 0.4, 1.0, np.zeros(3), cover=wanted)
        held = shown.Shown(documents.certificate(rng, name), 1.0, 3.0, rng, pose)
        assert abs(held.covered - wanted) < 0.08


def test_without_a_finger_the_phrase_is_free(project_path):
    import numpy as np
    from sample_media import documents, shown

    rng = np.random.default_rng(5)
    assert shown.Shown(documents.certificate(rng, "cover"), 1.0, 3.0, rng).covered == 0.0


def counting():
    spec = importlib.util.spec_from_file_location("counting", PROJECT / "bench" / "counting.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_intervals_are_those_of_the_tables():
    assert counting().wilson(98, 100) == "98/100 (93-99 %)"
    assert counting().wilson(0, 0) == "-"
    # Garwood's limits for 3 events: 0.62 and 8.77; for none the rule of three.
    assert counting().per_hour(3, 36_000) == "3 in 600.0 min: 0.3 per hour (0-1)"
    low, high = counting()._poisson(3)
    assert (round(low, 2), round(high, 2)) == (0.62, 8.77)
    assert round(counting()._poisson(0)[1], 2) == 3.0
