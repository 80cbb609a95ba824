"""Tokens of other systems: the 数字城管 platform that reads the index, the case system that pushes cases.

A token is shown once and kept as its SHA-256: 32 random bytes need no slow hash. Each says what it may do and under whose number
what it pushes is stated. A file of its own beside the accounts, 0600.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from avrecord import durable
from avrecord.errors import BadAccount, ConfigError
from avrecord.pipeline.secretfile import changing

FILE = "tokens.json"
LARGEST = 1 << 20
NAME = re.compile(r"[\w.-]{1,40}")
DEEDS = ("read", "push")
PREFIX = "avr_"
"""So that a token in a log or a repository is known for one."""


@dataclass(frozen=True, slots=True)
class Token:
    """One system. `may`: `read` the platform index, `push` cases. `number` stands in statements."""

    name: str
    number: str
    may: tuple[str, ...]
    digest: str
    given_at: str


class TokenFile:
    """The tokens of a station."""

    def __init__(self, root: Path) -> None:
        self.path = root / FILE

    def read(self) -> dict[str, Token]:
        """By name. Raises ConfigError for a file that somebody broke: nothing is let in by it."""
        try:
            rows = json.loads(durable.read_small(self.path, LARGEST))
            return {row["name"]: Token(**(row | {"may": tuple(row["may"])})) for row in rows}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(path=self.path, detail=f"令牌文件读不懂（{type(error).__name__}）") from error

    def give(self, name: str, number: str, may: tuple[str, ...], at: str) -> str:
        """A new token, said this once; an earlier one of the same name ends. Raises BadAccount."""
        if not NAME.fullmatch(name):
            raise BadAccount(detail="系统名称应为 1-40 个字母、数字或汉字")
        secret = PREFIX + secrets.token_urlsafe(32)
        with changing(self.path, self.read) as kept:
            kept[name] = Token(name, number, may, _digest(secret), at)
        return secret

    def end(self, name: str) -> None:
        """Take a token back. Raises BadAccount for a name that nobody has."""
        with changing(self.path, self.read) as kept:
            if kept.pop(name, None) is None:
                raise BadAccount(detail=f"没有系统 {name} 的令牌")

    def of(self, secret: str) -> Token | None:
        """Whose token this is; None for nobody's."""
        digest = _digest(secret)
        return next((each for each in self.read().values() if hmac.compare_digest(each.digest, digest)), None)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
