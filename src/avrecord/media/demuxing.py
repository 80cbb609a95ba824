"""Packets out of a container that nobody vouches for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import av

MOST_STRANGE = 1000  # packets of streams that came later; a hostile file must not be a loop


def _nothing() -> None:
    """Who does not count failures."""


def packets_of(box: Any, wanted: Any, failed: Callable[[], None] = _nothing) -> Iterator[Any]:
    """Packets of these streams until the end, or until the container gives up, which `failed` is told.

    A transport stream may show a new stream half way. PyAV does not know it, raises IndexError for its packets and ends its
    generator; it is asked again from where the container stands (10 of 5,000 mutated files). What the new stream shows is not
    looked at, so this counts as a failure, once: nothing may be said to be not seen in it.
    """
    for turn in range(MOST_STRANGE):
        try:
            yield from box.demux(wanted)
        except IndexError:
            if turn == 0:
                failed()
            continue
        except (av.error.FFmpegError, MemoryError):
            failed()
        return
    failed()
