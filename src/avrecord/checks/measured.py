"""`measured.toml`: what finds of each check were worth where the truth was known. Figures, not rules: no mark depends on them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from avrecord.errors import ConfigError
from avrecord.model.observation import Observation
from avrecord.rules.worth import Worth

FILE = "measured.toml"
KINDS = ("certain", "doubtful")

Measured = dict[tuple[str, str], Worth]
"""Check with its version, certain or doubtful → what such finds were worth."""


def read(path: Path) -> Measured:
    """The figures of a file; none where there is no file. Raises ConfigError for one that cannot be read."""
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        return {
            (check, kind): Worth(int(figures[kind][0]), int(figures[kind][1]))
            for check, figures in table.items()
            for kind in KINDS
            if kind in figures
        }
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        raise ConfigError(path=path, detail=f"实测数据读不懂（{error}）") from error


def worth_of(observation: Observation, measured: Measured) -> Worth | None:
    """What finds like this one were worth; None for a check, or a version of it, that nobody measured."""
    return measured.get((observation.check, "doubtful" if observation.doubtful else "certain"))
