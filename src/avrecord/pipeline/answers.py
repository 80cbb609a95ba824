"""What an isolated child answered, as nouns. It has met hostile bytes: data to check, not to trust."""

from __future__ import annotations

from typing import Any, TypeVar, get_type_hints

from avrecord.seal.codec import typed

N = TypeVar("N")


def noun(kind: type[N], row: dict[str, Any]) -> N:
    """A noun from plain JSON, every field of exactly its type. Raises TypeError or KeyError."""
    hints = get_type_hints(kind)
    if hints.keys() != row.keys():
        raise TypeError(f"fields of {kind.__name__}")
    return kind(**{name: typed(row[name], hint) for name, hint in hints.items()})
