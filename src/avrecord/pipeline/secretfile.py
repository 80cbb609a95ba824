"""A small file of rows that only the station's user may read: accounts, tokens. One at a time changes it; it is never half."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from avrecord import durable


@contextmanager
def changing(path: Path, read: Callable[[], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What `read` gives, by name, to be changed in place; written back when nothing was raised."""
    with durable.locked(path.with_suffix(".lock")):
        kept = read()
        yield kept
        rows = [asdict(each) for _, each in sorted(kept.items())]
        durable.replace_with(path, json.dumps(rows, ensure_ascii=False, indent=1).encode(), mode=0o600)
