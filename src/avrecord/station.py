"""A station: its folder, and the kit that works on it. The only place that knows this edition."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import avrecord
from avrecord import durable
from avrecord.checks import segments
from avrecord.dock import profiles
from avrecord.errors import ConfigError, KeyProblem, NoStation, SchemaChanged, StationBusy, StationExists, ToolMissing
from avrecord.model.statement import ConfigChanged
from avrecord.pipeline import intents
from avrecord.pipeline.evidence import Evidence
from avrecord.pipeline.expiry import finish_removals
from avrecord.pipeline.index import differences
from avrecord.pipeline.kit import Kit, Tell, silent
from avrecord.pipeline.lists import adopt_checklist
from avrecord.pipeline.record import catch_up, state
from avrecord.pipeline.rotation import announcement, finish_rotation
from avrecord.seal import keyfile, keys
from avrecord.seal.log import Log
from avrecord.seal.note import NoteKey, is_signed_by
from avrecord.seal.sshsig import public_line
from avrecord.settings import FILE, Settings, load
from avrecord.store.records import Records
from avrecord.store.sqlite import Store
from avrecord.vault.attachments import Attachments
from avrecord.vault.folder import FolderVault

DATABASE = "avrecord.db"


Clock = Callable[[], datetime]


def now() -> datetime:
    """The station's clock: whole microseconds, aware UTC."""
    return datetime.now(UTC)


def create(root: Path, station: str, name: str, unit: str = "", clock: Clock = now, passphrase: bytes | None = None) -> None:
    """Set up a station folder: configuration, keys, log, default checklist. Never over an existing one.

    With a `passphrase` the private keys are sealed with it; each later start needs it.
    """
    if (root / FILE).exists():
        raise StationExists(root=root, path=root / FILE, detail="")
    durable.make_folder(root)
    shipped_config = shipped("config")
    text = (shipped_config / FILE).read_text("utf-8").format(id=station, name=name, unit=unit)
    tomllib.loads(text)
    for source, target in ((shipped_config, root / "config"), (shipped("devices"), root / "devices")):
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(FILE))
    durable.make_folder(root / "dock")
    durable.make_folder(root / "exports")
    if not (root / "keys").exists():
        keys.create(root / "keys", station, passphrase)
    durable.replace_with(root / FILE, text.encode())
    kit = open_station(root, clock=clock, passphrase=lambda: passphrase or keyfile.passphrase_from_environment())
    adopt_checklist(root / "config" / "checklists" / "default.toml", "service", kit)


def open_station(
    root: Path,
    tell: Tell = silent,
    clock: Clock = now,
    database: str = DATABASE,
    passphrase: keys.Passphrase = keyfile.passphrase_from_environment,
) -> Kit:
    """Load a station and heal what a crash left: the log's edge, the index, unstated clips."""
    settings = load(root)
    _same_station(root, settings)
    station_keys = keys.load(root / "keys", settings.station.id, passphrase)
    store = _index(root, database)
    attachments = Attachments(root / "attachments")
    kit = Kit(
        root=root,
        settings=settings,
        log=Log(root / "log", station_keys.log, station_keys.origin, station_keys.retired_logs),
        log_keys=(NoteKey(station_keys.origin, station_keys.log.public), *reversed(station_keys.retired_logs)),
        sealer=station_keys.sealer,
        witness_key=station_keys.witness,
        witness_name=keys.witness_name(settings.station.id),
        store=store,
        records=Records(store, attachments.get),
        vault=FolderVault(root / "vault", root / "incoming", settings.vault.reserve_mib << 20),
        attachments=attachments,
        profiles=profiles.load(root / "devices"),
        segments=segments.read(root / "config" / "segments.toml"),
        clock=clock,
        tell=tell,
    )
    with kit.log.writing():
        catch_up(kit)
        rotated = finish_rotation(kit)
        if not rotated:
            _announce(kit, station_keys)
    if rotated:
        kit.store.close()
        return open_station(root, tell, clock, database, passphrase)
    return kit


def evidence(root: Path, tell: Tell = silent) -> Evidence:
    """What there is to verify, read with public keys only. Works beside a broken database or log.

    Raises NoStation, ConfigError, or KeyProblem when there is no public log key.
    """
    settings = load(root)
    _same_station(root, settings)
    path = root / "keys" / "log.vkey"
    try:
        key = NoteKey.parse(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise KeyProblem(path=path, detail="日志公钥读不出") from error
    return Evidence(
        station=settings.station.id,
        root=root,
        log_folder=root / "log",
        log_keys=(key, *reversed(keys.retired_logs(root / "keys"))),
        vault=FolderVault(root / "vault", root / "incoming", settings.vault.reserve_mib << 20),
        attachments=Attachments(root / "attachments"),
        tell=tell,
        index=lambda size: differences(root / DATABASE, root / "log", size, Attachments(root / "attachments")),
    )


def _same_station(root: Path, settings: Settings) -> None:
    """The id stands in the log's name and in every statement: with another one nothing here would verify. Raises ConfigError."""
    try:
        name = (root / "keys" / "log.vkey").read_text("ascii").partition("+")[0]
    except (OSError, UnicodeDecodeError):
        return  # said by whoever needs the key
    if name != keys.origin_of(settings.station.id):
        detail = f"采集站编号与日志名称不符（编号 {settings.station.id}，日志 {name}），建站后不能更改编号"
        raise ConfigError(path=root / FILE, detail=detail)


def _index(root: Path, database: str) -> Store:
    """The index; one that another version of the program made is set aside and made again from the log."""
    try:
        return Store(root / database)
    except SchemaChanged:
        _set_aside(root, database)
        return Store(root / database)


def _set_aside(root: Path, database: str) -> None:
    for ending in ("-wal", "-shm", ""):
        old = root / f"{database}{ending}"
        if old.exists():
            old.rename(root / f"{database}.{durable.owner()}.old{ending}")


def heal(kit: Kit) -> int:
    """State clips that a crash left between vault and log; return how many. Before anything is taken.

    What was stated as removed by rule and is still there goes, too.
    """
    stated = len(intents.recover(kit))
    finish_removals(kit)
    return stated


def rebuild(root: Path) -> int:
    """Make the index again from log and attachments; the old one is kept beside it. Returns the leaves read."""
    if not (root / FILE).exists():
        raise NoStation(root=root, path=root / FILE, detail="")
    with served(root):
        kit = open_station(root, database=f"{DATABASE}.new")
        kit.store.close()
        _set_aside(root, DATABASE)
        for ending in ("-wal", "-shm", ""):
            if (new := root / f"{DATABASE}.new{ending}").exists():
                new.rename(root / f"{DATABASE}{ending}")
        return kit.log.size


@contextmanager
def served(root: Path) -> Iterator[None]:
    """Hold the station for one process: the service, or a rebuild under which no service may run.

    Raises StationBusy, naming the process, when another one holds it.
    """
    lock = root / ".service.lock"
    try:
        with durable.locked(lock, wait=False) as fd:
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
            yield
    except BlockingIOError as error:
        raise StationBusy(root=root, pid=lock.read_text("ascii", "replace").strip() or "?") from error


def shipped(name: str) -> Path:
    """A folder of the project beside `src/` (config, devices, sample_media)."""
    folder = Path(avrecord.__file__).resolve().parents[2] / name
    if not folder.is_dir():
        raise ToolMissing(what=f"项目目录 {name}/", advice="请在项目检出目录中安装（make setup）后运行。")
    return folder


def _announce(kit: Kit, station_keys: keys.Keys) -> None:
    """The log names the keys that sign from here on, and the configuration in force."""
    if kit.log.size == 0:
        public = public_line(station_keys.sealer.public, kit.station)
        state(kit, [announcement("clip", kit.sealer.key_id, public), announcement("log", kit.log_key.id.hex(), kit.log_key.vkey)])
    elif not is_signed_by(kit.log.checkpoint(), kit.log_key):
        # A log key that took over signs at once: whoever trusts only it can open the head.
        state(kit, [announcement("log", kit.log_key.id.hex(), kit.log_key.vkey, "in_use")])
    config = kit.attachments.put((kit.root / FILE).read_bytes())
    if kit.store.row("last_config", config=config) is None:
        state(kit, [ConfigChanged(config=config)])


__all__ = ["Settings", "create", "heal", "now", "open_station", "rebuild", "shipped"]
