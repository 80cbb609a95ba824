"""The seam: what an engine promises, whichever it is, and when what it writes is not to be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from avrecord.checks.wording import fold

LONGEST_REPEAT = 10  # characters
REPEATED = 0.9  # share of characters that say the same again
SHORTEST_REPEATED = 6


@dataclass(frozen=True, slots=True)
class Words:
    """What one utterance says. `doubtful`: the engine took it for no speech, or says one thing over and over."""

    text: str
    doubtful: bool = False


class Recogniser(Protocol):
    """Turns one utterance into words. Deterministic, without memory of other utterances, without network.

    It is given nothing but the sound: no word that is looked for may reach an engine, by prompt or as a
    hint. A prompt that held them made Whisper hear them in pure noise, five times of five.
    """

    @property
    def version(self) -> str:
        """Engine, its version and the model's digest, without spaces: stated with each examination."""

    def recognise(self, samples: np.ndarray) -> Words:
        """Words of float32 mono samples at 16 kHz, at most half a minute; empty where nothing was said."""


def repeats(text: str) -> bool:
    """Whether one short piece fills the text: what recognisers write for noise and music."""
    said = fold(text)
    if len(said) < SHORTEST_REPEATED:
        return False
    for step in range(1, min(LONGEST_REPEAT, len(said) // 2) + 1):
        same = sum(one == other for one, other in zip(said, said[step:], strict=False))
        if same >= REPEATED * (len(said) - step):
            return True
    return False
