"""Local accounts of the pages: no default password, argon2id, a lock-out that grows, sessions that end.

Who may open pages is no evidence, and a rebuilt index must not lock everybody out: a file of its own, `accounts.json`, 0600.
Sessions and failures live in the process; a restart ends the first and forgets the second. What people do on the pages is
stated under their number.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from nacl import pwhash
from nacl.exceptions import CryptoError

from avrecord import durable
from avrecord.errors import BadAccount, ConfigError
from avrecord.pipeline.secretfile import changing
from avrecord.rules.roles import ROLES, Account, locked_seconds

FILE = "accounts.json"
LARGEST = 1 << 20
LEAST_PASSWORD = 10  # characters; no rule about their kinds: those make people write passwords down
MOST_PASSWORD = 200
NAME = re.compile(r"[\w.-]{1,40}")
IDLE = timedelta(minutes=30)
MOST_WAITING = 6  # logins that are being hashed or wait for it
LONGEST = timedelta(hours=12)  # one duty
_OPS, _MEM = pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE
_AT_ONCE = threading.Semaphore(2)  # 64 MiB each: a hundred tries at once must not take the memory that clips are checked in


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the file."""

    account: Account
    secret: str
    disabled: bool = False


class AccountFile:
    """The accounts of a station."""

    def __init__(self, root: Path) -> None:
        self.path = root / FILE

    def read(self) -> dict[str, Kept]:
        """By name. Raises ConfigError for a file that somebody broke: nobody is let in by it."""
        try:
            rows = json.loads(durable.read_small(self.path, LARGEST))
            return {row["account"]["name"]: Kept(Account(**row["account"]), row["secret"], bool(row["disabled"])) for row in rows}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(path=self.path, detail=f"账户文件读不懂（{type(error).__name__}）") from error

    def set(self, account: Account, password: str) -> None:
        """Make an account, or give it a new password, role and unit. Raises BadAccount."""
        if not NAME.fullmatch(account.name):
            raise BadAccount(detail="用户名应为 1-40 个字母、数字或汉字")
        if account.role not in ROLES:
            raise BadAccount(detail=f"没有这种角色：{account.role}")
        if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
            raise BadAccount(detail=f"口令应有 {LEAST_PASSWORD} 至 {MOST_PASSWORD} 个字符")
        if account.name.casefold() in password.casefold():
            raise BadAccount(detail="口令中不应含有用户名")
        secret = pwhash.argon2id.str(password.encode(), _OPS, _MEM).decode()
        with changing(self.path, self.read) as kept:
            kept[account.name] = Kept(account, secret)

    def disable(self, name: str) -> None:
        """Shut an account. Raises BadAccount for a name that nobody has."""
        with changing(self.path, self.read) as kept:
            if name not in kept:
                raise BadAccount(detail=f"没有用户 {name}")
            kept[name] = replace(kept[name], disabled=True)


@dataclass(slots=True)
class _Session:
    name: str
    secret: str
    began: datetime
    seen: datetime
    watched: set[str] = field(default_factory=set)
    """Clips that this session was stated to have looked at."""
    looking: threading.Lock = field(default_factory=threading.Lock)
    """A page asks for all frames of a clip at one moment: one of them states it."""


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    until: datetime | None = None


@dataclass(slots=True)
class Door:
    """Who is in. One for the process that serves the pages."""

    file: AccountFile
    clock: Callable[[], datetime]
    _sessions: dict[str, _Session] = field(default_factory=dict)
    _tries: dict[str, _Tries] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _nobody: str = field(default_factory=lambda: pwhash.argon2id.str(secrets.token_bytes(16), _OPS, _MEM).decode())
    """Checked for names that do not exist, so that the time taken tells nothing."""
    _places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_WAITING), repr=False)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def log_in(self, name: str, password: str) -> str:
        """A session's token for the browser. Raises BadAccount, which never says whether the name exists."""
        now, kept = self.clock(), self.file.read().get(name)
        with self._waiting():
            right = _is_right(password, kept.secret if kept else self._nobody)
        with self._lock:  # asked after the hash: many tries at one moment are many tries
            tries = self._tries.get(name)
            shut = tries is not None and tries.until is not None and now < tries.until
            if not right and kept is not None and not shut:
                self._failed(name, now)
        if kept is None or kept.disabled or shut or not right:
            raise BadAccount(detail="用户名或口令不对，或账户已锁定。连续输错五次起会锁定一段时间")
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tries.pop(name, None)
            self._sessions = {key: each for key, each in self._sessions.items() if _is_live(each, now)}
            self._sessions[_kept(token)] = _Session(name, kept.secret, now, now)
        return token

    def who_is(self, token: str, *, by_itself: bool = False) -> Account | None:
        """Whose session this is, which keeps it from idling out unless a page asked `by_itself`; None when there is none, it
        ended, or the account was shut or got another password."""
        now = self.clock()
        with self._lock:
            found = self._sessions.get(_kept(token)) if token else None
        kept = self.file.read().get(found.name) if found else None
        if found is None or kept is None or kept.disabled or kept.secret != found.secret or not _is_live(found, now):
            return None
        if not by_itself:
            found.seen = now
        return kept.account

    def form_word(self, token: str) -> str:
        """What a form of this session's pages carries: another site cannot know it. It tells nothing about the token."""
        return hmac.new(self._key, token.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def first_time(self, token: str, clip: str, state: Callable[[], None]) -> None:
        """Call `state` unless this session was stated to look at this clip; what it raises leaves the clip unseen."""
        with self._lock:
            found = self._sessions.get(_kept(token))
        if found is None:
            state()
            return
        with found.looking:
            if clip not in found.watched:
                state()
                found.watched.add(clip)

    def log_out(self, token: str) -> None:
        with self._lock:
            self._sessions.pop(_kept(token), None)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """A place in the queue for hashing. Raises BadAccount when it is full: the others' pages wait for no stranger."""
        if not self._places.acquire(blocking=False):
            raise BadAccount(detail="此刻登录的人太多，请稍后再试")
        try:
            yield
        finally:
            self._places.release()

    def _failed(self, name: str, now: datetime) -> None:
        tries = self._tries.setdefault(name, _Tries())
        tries.failures += 1
        shut = locked_seconds(tries.failures)
        tries.until = now + timedelta(seconds=shut) if shut else None


def _is_live(session: _Session, now: datetime) -> bool:
    return now - session.seen <= IDLE and now - session.began <= LONGEST


def _is_right(password: str, secret: str) -> bool:
    try:
        with _AT_ONCE:
            return bool(pwhash.verify(secret.encode(), password[:1000].encode("utf-8", "replace")))
    except (CryptoError, ValueError):
        return False


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
