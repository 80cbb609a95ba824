"""The service sends by itself: through a store that is away and back, through `kill -9`, and says how it stands."""

from __future__ import annotations
