"""A labelled set of rendered clips for `bench/recall.py`, in two halves that share no seed, design, lettering or background.

`fit`: thresholds and wording may be looked at here. `test`: nothing was ever fitted to it.
"""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))  # sample_media, whose drawing is used here, is no package of the product

HALVES = ("fit", "test")
