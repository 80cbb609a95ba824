"""The kit: everything a sentence of the story may use. Built by `station.py`, frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from avrecord.dock.profile import Profile
from avrecord.model.moments import local_day
from avrecord.seal.keys import Sealer
from avrecord.seal.log import Log
from avrecord.seal.note import NoteKey
from avrecord.seal.signer import Signer
from avrecord.settings import Settings
from avrecord.store.records import Records
from avrecord.store.sqlite import Store
from avrecord.vault.attachments import Attachments
from avrecord.vault.folder import FolderVault


class Tell(Protocol):
    """How the story reports progress: an English event name and its facts. Never required."""

    def __call__(self, event: str, **facts: object) -> None: ...


def silent(event: str, **facts: object) -> None:
    """The `Tell` of those who do not listen."""


class Place(Protocol):
    """What work needs that signs and states nothing: a folder with its settings, and a clock. A kit is one."""

    @property
    def root(self) -> Path: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def clock(self) -> Callable[[], datetime]: ...

    @property
    def station(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Hand:
    """A place without keys: a worker's."""

    root: Path
    settings: Settings
    clock: Callable[[], datetime]

    @property
    def station(self) -> str:
        return self.settings.station.id


@dataclass(frozen=True, slots=True)
class Kit:
    """One station, ready to work."""

    root: Path
    settings: Settings
    log: Log
    log_keys: tuple[NoteKey, ...]
    """What verifies this log's checkpoints: the key in use first, then the ones of earlier."""
    sealer: Sealer
    witness_key: Signer
    witness_name: str
    store: Store
    records: Records
    vault: FolderVault
    attachments: Attachments
    profiles: tuple[Profile, ...]
    segments: dict[str, Any]
    clock: Callable[[], datetime]
    """The station's clock, aware UTC. The only one: rules get moments as arguments."""
    tell: Tell = silent

    @property
    def log_key(self) -> NoteKey:
        return self.log_keys[0]

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where this station keeps what it has. Any of them may be a link to another disk."""
        return (self.vault.root, self.vault.incoming, self.attachments.root, self.log.folder, self.root / "keys")

    @property
    def today(self) -> date:
        """The station's local day."""
        return local_day(self.clock())

    @property
    def station(self) -> str:
        return self.settings.station.id
