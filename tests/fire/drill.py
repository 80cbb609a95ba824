"""Fixtures of the drills: a bay for mounted cards, and counts that say how many rounds were run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fire.cards import EXFAT, EXT4, Bay, why_not

FULL = bool(os.environ.get("AVRECORD_FULL"))


@pytest.fixture
def bay(tmp_path: Path) -> Iterator[Bay]:
    """Cards are mounted here; none stays mounted."""
    if reason := why_not(EXT4):
        pytest.skip(f"!!! no mounted cards: {reason} !!!")
    with Bay(tmp_path / "images") as made:
        yield made


@pytest.fixture
def filesystem() -> str:
    """exFAT where it can be mounted, else ext4; the drill prints which."""
    return EXT4 if why_not(EXFAT) else EXFAT


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say a drill's counts, which are what it is run for: printed in the summary at the end, whichever worker ran it."""
    return lambda line: record_property("counts", f"{'full' if FULL else 'quick'}: {line}")
