"""The object store of the settings, and whether it may be trusted with evidence: found out once, and kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from avrecord import durable
from avrecord.errors import ConfigError, StoreProblem, StoreRefused
from avrecord.model.moments import from_utc_text, utc_text
from avrecord.pipeline.kit import Place
from avrecord.vault.objects import FolderObjects, Objects

PROBED = "store-probe.json"
DAYS_OF_A_MONTH = 31
PROBED_FOR = timedelta(days=30)
LONGEST_KEY = 900  # bytes; S3 takes 1,024


def station_prefix(station: str) -> str:
    """Below this a station's own files lie as in its folder; a station's key need write nowhere else."""
    return f"stations/{station}/"


def reply_prefix(station: str) -> str:
    """Below this the bureau answers; only the bureau's key writes here."""
    return f"bureau/{station}/"


def clip_key(station: str, stored: str, digest: str) -> str:
    """Where a clip lies: as in the vault, or by its digest when a card's folders were too deep for a key."""
    key = f"{station_prefix(station)}vault/{stored}"
    return key if len(key.encode()) <= LONGEST_KEY else f"{station_prefix(station)}by-digest/{digest}"


def attachment_key(station: str, digest: str) -> str:
    return f"{station_prefix(station)}attachments/{digest[:2]}/{digest}"


def open_objects(place: Place, is_new: bool = True) -> Objects:
    """The store that `store.url` names. `is_new`: it may be a folder that was not used before.

    Raises ConfigError when there is none, or nothing that speaks S3 is installed.
    """
    table = place.settings.store
    if not table.url:
        raise ConfigError(path=place.root / "station.toml", detail="没有设置对象存储（store.url）")
    if not table.url.startswith(("http://", "https://")):
        return FolderObjects((place.root / table.url).resolve(), is_new)
    try:
        from avrecord.vault.s3 import S3Objects
    except ImportError as error:
        raise ConfigError(path="store.url", detail="没有安装对象存储的客户端（在程序目录运行 ./setup.sh bureau）") from error
    credentials = place.root / table.credentials
    return S3Objects(table.url, table.bucket, credentials if credentials.is_file() else None, table.region, table.ca)


def probe_store(objects: Objects, place: Place) -> dict[str, object]:
    """Try everything on a canary, and keep what was found; a row of facts for each property under `found`."""
    from avrecord.vault.probe import probe

    found = probe(objects, station_prefix(place.station))
    row: dict[str, object] = {
        "store": found.store,
        "at": utc_text(place.clock()),
        "refused": list(found.refused),
        "certain": found.is_certain,
        "locks": found.locks,
        "found": [asdict(each) for each in found.found],
    }
    if found.is_certain:
        durable.replace_with(place.root / PROBED, json.dumps(row, ensure_ascii=False, indent=1).encode())
    return row


def trusted_objects(place: Place) -> Objects:
    """The store, once it is known to keep what it is given; with locks where the settings ask for them.

    Raises StoreRefused for one that does not, and for locks that it was not seen to keep.
    """
    row = _kept(place.root / PROBED)
    objects = open_objects(place, is_new=row.get("store") != store_name(place))
    if row.get("store") != objects.name or _is_old(row, place):
        row = probe_store(objects, place)
    if not row.get("certain", True):
        raise StoreProblem(detail=f"{objects.name} 没有回答，未能探测；稍后再试")
    if row["refused"]:
        raise StoreRefused(store=objects.name, detail="、".join(str(name) for name in _list(row["refused"])))
    table = place.settings.store
    if (table.lock == "required" or table.lock_months) and not row["locks"]:
        raise StoreRefused(store=objects.name, detail="设置要求对象锁定（store.lock、store.lock_months），该存储没有或不可靠")
    if row["locks"] and (months := shortest_lock(place)):
        _lock(objects, months, place)
    return objects


def shortest_lock(place: Place) -> int:
    """Months for which every object is locked as it is made; 0: locks are not asked for."""
    table = place.settings.store
    return table.lock_months if table.lock == "off" else max(table.lock_months, place.settings.retention.unlinked_months)


def keeps_locks(place: Place) -> bool:
    """Whether clips are locked by the retention rule: it is asked for, and the store was seen to keep it."""
    return place.settings.store.lock != "off" and bool(_kept(place.root / PROBED).get("locks"))


def store_name(place: Place) -> str:
    """What the store of the settings will call itself."""
    table = place.settings.store
    if table.url.startswith(("http://", "https://")):
        return f"{table.url.rstrip('/')}/{table.bucket}"
    return str((place.root / table.url).resolve())


def _is_old(row: dict[str, object], place: Place) -> bool:
    """Another server may answer at the same address meanwhile."""
    try:
        return place.clock() - from_utc_text(str(row.get("at"))) > PROBED_FOR
    except ValueError:
        return True


def _lock(objects: Objects, months: int, place: Place) -> None:
    from avrecord.vault.s3 import COMPLIANCE, Lock, S3Objects

    if isinstance(objects, S3Objects):
        # By the store's clock: one that was reset to 1980 would ask for a day that is over, one of 2099 would lock until then.
        objects.lock = Lock(COMPLIANCE, objects.now, timedelta(days=DAYS_OF_A_MONTH * months))


def _kept(path: Path) -> dict[str, object]:
    try:
        row = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return row if isinstance(row, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
