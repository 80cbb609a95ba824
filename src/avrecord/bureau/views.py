"""A station as the bureau sees it: a kit over the index that its proved log gives, for every question that a station answers.

Only questions: a station's log is written by that station. What the settings decide (buffers, tolerances, days of grace) is taken
from the configuration that the station stated last; which words prove a segment, from the bureau's own `config/`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from avrecord.bureau import stations
from avrecord.bureau.mirror import StoredAttachments
from avrecord.errors import AvrecordError, OnlyThere
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.storing import trusted_objects
from avrecord.seal import tiles
from avrecord.seal.keys import origin_of
from avrecord.seal.log import Log
from avrecord.settings import Settings
from avrecord.store.records import Records
from avrecord.vault.attachments import Attachments
from avrecord.vault.folder import FolderVault
from avrecord.vault.objects import Objects


class PublishedLog(Log):
    """Another station's log as it was fetched and proved: read, never appended to."""

    def __init__(self, station: str, folder: Path, size: int, cosigned: str = "") -> None:
        """`cosigned`: the checkpoint that this bureau cosigned last, as far as the log is believed."""
        self.station, self.folder, self._size, self._cosigned = station, folder, size, cosigned

    @property
    def size(self) -> int:
        return self._size

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        return tiles.entries(self.folder, start, self._size if stop is None else min(stop, self._size), self._size)

    def checkpoint(self) -> str:
        return self._cosigned

    def refresh(self) -> int:
        return self._size

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nothing is held: who only makes sure that the index is up to date finds that it is, and `append` refuses."""
        yield

    def append(self, make: Callable[[int], list[bytes]]) -> NoReturn:
        raise OnlyThere(station=self.station)


class VaultElsewhere(FolderVault):
    """The bytes are on the station and in the store; a question over the index needs none."""

    def __init__(self, station: str) -> None:
        self.station = station

    def path(self, stored: str) -> NoReturn:
        raise OnlyThere(station=self.station)

    def whereabouts(self, stored: str) -> str:
        return f"采集站 {self.station} 的 vault/{stored}"

    def stored(self) -> NoReturn:
        raise OnlyThere(station=self.station)

    def free(self) -> NoReturn:
        raise OnlyThere(station=self.station)


class Views:
    """Kits for one station after the other. Over PostgreSQL they share a connection, which `close` ends."""

    def __init__(self, kit: Kit) -> None:
        """`kit`: the bureau's own. Raises ConfigError when the driver is not there."""
        self._kit = kit
        self._readers = stations.postgres_readers(kit.settings.bureau.database) if kit.settings.bureau.database else None

    @contextmanager
    def of(self, station: str) -> Iterator[Kit]:
        """A kit that answers for one station. Raises UnknownName for one that is not trusted, DatabaseProblem."""
        folder = stations.memory(station, self._kit)
        keys = stations.keys_of(station, self._kit)
        cosigned = stations.witness(self._kit).last_text(origin_of(station)) or ""
        attachments = Attachments(folder / "attachments")
        if self._kit.settings.store.url:
            attachments = StoredAttachments(folder / "attachments", lambda: objects_of(self._kit), station)
        with self._rows(station) as store:
            records = Records(store, attachments.get)
            yield replace(
                self._kit,
                settings=_settings(store, attachments, station, self._kit),
                log=PublishedLog(station, folder / "log", records.projected(), cosigned),
                log_keys=tuple(keys),
                store=store,
                records=records,
                attachments=attachments,
                vault=VaultElsewhere(station),
            )

    def close(self) -> None:
        """End what was shared."""
        if self._readers:
            self._readers.close()

    @contextmanager
    def _rows(self, station: str) -> Iterator[Any]:
        if self._readers:
            yield self._readers.of(station)
            return
        with stations.index(station, self._kit) as store:
            yield store


_OBJECTS: dict[Path, Objects] = {}


def objects_of(kit: Kit) -> Objects:
    """One client for each bureau in this process. Raises ConfigError without a store: what is not here is nowhere then."""
    if kit.root not in _OBJECTS:
        _OBJECTS[kit.root] = trusted_objects(kit)
    return _OBJECTS[kit.root]


def _settings(store: Any, attachments: Attachments, station: str, kit: Kit) -> Settings:
    """What the station stated last; the bureau's own values under the station's name where that cannot be read."""
    named = {"id": station, "name": station, "unit": ""}
    row = store.row("newest_config")
    try:
        table = tomllib.loads(attachments.get(row["config"]).decode("utf-8")) if row else {}
        # Its id is the one under which its key was trusted, whatever its configuration says.
        found = Settings.model_validate(_known(table))
        return found.model_copy(update={"station": found.station.model_copy(update={"id": station})})
    except (AvrecordError, ValueError, ValidationError, OSError, RecursionError):
        return kit.settings.model_copy(update={"station": kit.settings.station.model_copy(update=named)})


def _known(table: dict[str, Any]) -> dict[str, Any]:
    """What this version of the program knows of a configuration that another may have written."""
    fields = Settings.model_fields
    return {
        name: {key: value for key, value in inner.items() if key in fields[name].annotation.model_fields}  # type: ignore[union-attr]
        for name, inner in table.items()
        if name in fields and isinstance(inner, dict)
    }
