"""The stations of a bureau: whom it trusts, where each one's index and memory lie, and how each one stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avrecord.bureau.ingest import Index, Ingested, Published, ingest, lift, size_of
from avrecord.durable import make_folder
from avrecord.errors import BadInput, ConfigError, UnknownName
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.witnessing import trusted_keys
from avrecord.seal.keys import origin_of
from avrecord.seal.note import Checkpoint
from avrecord.seal.witness import Witness
from avrecord.store.sqlite import Store
from avrecord.vault.attachments import Attachments

FOLDER = "bureau"
ORIGIN = origin_of("")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Stand:
    """How a station stands. `seen`: leaves that were proved; `indexed`: leaves in the index; `frozen`: why it is not taken."""

    station: str
    seen: int
    indexed: int
    frozen: str


def take(station: str, folder: Path, kit: Kit) -> Ingested:
    """One round over a station's files (`log/` and `attachments/` below `folder`). Raises what `ingest` does, and BadInput."""
    if not (folder / "log").is_dir():
        raise BadInput(path=folder, detail="其中没有 log 目录")
    published = _published(station, folder, kit)
    with _index(station, kit) as index:
        return ingest(published, index, _witness(kit), _memory(station, kit))


def lifted(station: str, by: str, kit: Kit) -> None:
    """Go on with a station that was frozen. Raises UnknownName when it is not."""
    if not (_memory(station, kit) / "frozen.reason").exists():
        raise UnknownName(what="已停止收取的采集站", name=station)
    lift(_published(station, kit.root, kit), _memory(station, kit), by)


def stands(kit: Kit) -> list[Stand]:
    """Every station whose log key is trusted."""
    witness, found = _witness(kit), []
    names = {key.name.removeprefix(ORIGIN) for key in trusted_keys(kit) if key.name.startswith(ORIGIN)}
    for station in sorted(filter(NAME.fullmatch, names)):
        text = witness.last_text(origin_of(station))
        seen = Checkpoint.parse(text.partition("\n\n")[0] + "\n").size if text else 0
        why = _memory(station, kit) / "frozen.reason"
        indexed = 0
        if _memory(station, kit).is_dir():  # else nothing was ever taken, and to ask makes nothing
            with _index(station, kit) as index:
                indexed = size_of(index)
        found.append(Stand(station, seen, indexed, why.read_text("utf-8").strip() if why.exists() else ""))
    return found


def _published(station: str, folder: Path, kit: Kit) -> Published:
    keys = [key for key in trusted_keys(kit) if key.name == origin_of(station)]
    if not keys:
        raise UnknownName(what="受信任的采集站（先用 log trust 登记其日志公钥）", name=station)
    return Published(station, folder / "log", Attachments(folder / "attachments"), keys)


def _witness(kit: Kit) -> Witness:
    def seconds() -> int:
        return int(kit.clock().timestamp())

    return Witness(kit.root / "witness", kit.witness_key, kit.witness_name, trusted_keys(kit), seconds)


def _memory(station: str, kit: Kit) -> Path:
    """Raises UnknownName for what is no station's id: it names a folder."""
    if not NAME.fullmatch(station):
        raise UnknownName(what="采集站编号（小写字母、数字、连字符）", name=station[:40])
    return kit.root / FOLDER / station


@contextmanager
def _index(station: str, kit: Kit) -> Iterator[Index]:
    """PostgreSQL where the settings name one, else a file for each station. Raises DatabaseProblem, ConfigError."""
    address = kit.settings.bureau.database
    if not address:
        make_folder(_memory(station, kit))
        with closing(Store(_memory(station, kit) / "index.db")) as store:
            yield store
        return
    with closing(_postgres(address, station)) as index:
        yield index


def _postgres(address: str, station: str) -> Any:
    """Loaded when asked for: a station has no use for it, and need not have it installed."""
    try:
        from avrecord.store.postgres.store import PostgresStore
    except ImportError as error:
        raise ConfigError(
            path="bureau.database", detail="没有安装 PostgreSQL 驱动（在程序目录运行 ./setup.sh bureau）"
        ) from error
    return PostgresStore(address, station)
