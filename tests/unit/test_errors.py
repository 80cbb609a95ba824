"""Errors as values: they go from process to process and stay what they are."""

from __future__ import annotations

import pickle

import pytest

from avrecord.errors import AvrecordError, NoSpace, StoreProblem


@pytest.mark.parametrize("error", [StoreProblem(detail="away"), NoSpace(needed=5, free=1), AvrecordError(detail="x")])
def test_an_error_comes_whole_out_of_a_worker_process(error):
    """Unpickling calls the class with the sentence: a pool whose worker raised one was broken by it."""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.facts) == (type(error), str(error), error.facts)
