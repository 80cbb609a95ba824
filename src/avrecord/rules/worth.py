"""What a find is worth: how many of its kind were right where the truth was known."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True)
class Worth:
    """Of `of` finds of a kind `right` were right. A find's own score orders finds; only this says how often such are right."""

    right: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.of or not self.of:
            raise ValueError(f"{self.right} of {self.of}")

    @property
    def low(self) -> int:
        """The lower end of the share's 95 % interval (Wilson 1927), per mille: what may be relied on."""
        share, z = self.right / self.of, Z * Z
        middle = share + z / (2 * self.of)
        width = Z * math.sqrt(share * (1 - share) / self.of + z / (4 * self.of * self.of))
        return math.floor(1000 * max(0.0, (middle - width) / (1 + z / self.of)))
