"""The stations of a bureau: whom it trusts, where each one's index and memory lie, and what is known of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from avrecord.bureau.ingest import Ingested, Published, ingest, lift
from avrecord.durable import make_folder
from avrecord.errors import BadInput, ConfigError, StationUnreadable, UnknownName
from avrecord.pipeline.kit import Kit, Place
from avrecord.pipeline.witnessing import trusted_keys
from avrecord.seal.keys import origin_of
from avrecord.seal.note import Checkpoint, NoteKey
from avrecord.seal.witness import Witness
from avrecord.store.named import STATION
from avrecord.store.sqlite import Store
from avrecord.vault.attachments import Attachments

FOLDER = "bureau"
ORIGIN = origin_of("")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def take(station: str, folder: Path, kit: Kit) -> Ingested:
    """One round over a station's files (`log/` and `attachments/` below `folder`). Raises what `ingest` does, and BadInput."""
    if not (folder / "log").is_dir():
        raise BadInput(path=folder, detail="其中没有 log 目录")
    published = published_in(station, folder, kit)
    with index(station, kit) as rows:
        return ingest(published, rows, witness(kit), memory(station, kit))


def lifted(station: str, by: str, kit: Kit) -> None:
    """Go on with a station that was frozen. Raises UnknownName when it is not."""
    if not (memory(station, kit) / "frozen.reason").exists():
        raise UnknownName(what="已停止收取的采集站", name=station)
    lift(published_in(station, kit.root, kit), memory(station, kit), by)


def seen_of(station: str, kit: Kit) -> int:
    """Leaves of a station's log that were proved and cosigned."""
    text = witness(kit).last_text(origin_of(station))
    return Checkpoint.claimed(text).size if text else 0


def heard_of(station: str, kit: Kit) -> datetime | None:
    """When this bureau last saw a station's log grow, by this bureau's own clock; None: never."""
    try:
        return datetime.fromtimestamp((memory(station, kit) / "seen").stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def frozen_for(station: str, kit: Kit) -> str:
    """Why a station is not taken any more; empty while it is."""
    why = memory(station, kit) / "frozen.reason"
    return why.read_text("utf-8").strip() if why.exists() else ""


@contextmanager
def alone(station: str) -> Iterator[None]:
    """What one station's log holds must not stop the others: what nobody foresaw in it becomes an error of that station.

    A station may run another program, or a hostile one; its leaves are signed all the same. Raises StationUnreadable.
    """
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise StationUnreadable(station=station, detail=f"{type(error).__name__}：{str(error)[:100]}") from error


def trusted(kit: Kit) -> list[str]:
    """Ids of the stations whose log key a person trusted, in order."""
    names = {key.name.removeprefix(ORIGIN) for key in trusted_keys(kit) if key.name.startswith(ORIGIN)}
    return sorted(filter(NAME.fullmatch, names))


def is_taken(station: str, kit: Place) -> bool:
    """Whether anything of a station ever came."""
    return memory(station, kit).is_dir()


def keys_of(station: str, kit: Kit) -> list[NoteKey]:
    """The trusted log keys of a station. Raises UnknownName when there is none."""
    keys = [key for key in trusted_keys(kit) if key.name == origin_of(station)]
    if not keys:
        raise UnknownName(what="受信任的采集站（先用 log trust 登记其日志公钥）", name=station)
    return keys


def published_in(station: str, folder: Path, kit: Kit) -> Published:
    """A station's files below a folder."""
    return Published(station, folder / "log", Attachments(folder / "attachments"), keys_of(station, kit))


def witness(kit: Kit) -> Witness:
    """This bureau as a witness of its stations."""

    def seconds() -> int:
        return int(kit.clock().timestamp())

    return Witness(kit.root / "witness", kit.witness_key, kit.witness_name, trusted_keys(kit), seconds)


def memory(station: str, kit: Place) -> Path:
    """Where this bureau keeps what must not be forgotten of a station. Raises UnknownName for what is no station's id."""
    if not NAME.fullmatch(station):
        raise UnknownName(what="采集站编号（小写字母、数字、连字符）", name=station[:40])
    return kit.root / FOLDER / station


@contextmanager
def index(station: str, kit: Place) -> Iterator[Any]:
    """PostgreSQL where the settings name one, else a file for each station. Raises DatabaseProblem, ConfigError."""
    address = kit.settings.bureau.database
    if not address:
        make_folder(memory(station, kit))
        with closing(Store(memory(station, kit) / "index.db")) as store:
            yield store
        return
    with closing(postgres(address, station)) as index:
        yield index


def postgres(address: str, station: str, part: str = STATION) -> Any:
    """A station's index, or another `part`. Raises ConfigError, DatabaseProblem."""
    with _driver():
        from avrecord.store.postgres.store import PostgresStore
    return PostgresStore(address, station, part)


def postgres_readers(address: str) -> Any:
    """Every station's index, over one connection for each thread. Raises ConfigError."""
    with _driver():
        from avrecord.store.postgres.reader import Readers
    return Readers(address)


@contextmanager
def _driver() -> Iterator[None]:
    """Loaded when asked for: a station has no use for it, and need not have it installed."""
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            path="bureau.database", detail="没有安装 PostgreSQL 驱动（在程序目录运行 ./setup.sh bureau）"
        ) from error
