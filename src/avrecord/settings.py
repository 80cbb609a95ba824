"""`station.toml`: what a bureau sets, checked on reading, with the reason for each default.

Values can be overridden by environment variables such as AVRECORD_STATION__DOCK__RESCAN_SECONDS.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from avrecord.errors import ConfigError, NoStation

FILE = "station.toml"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StationTable(_Table):
    """Who this station is. `id` stands in every statement and in the log's name."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
    name: str
    unit: str = ""


class DockTable(_Table):
    """`roots`: folders under which cards appear, as mounts or as plain folders."""

    roots: tuple[str, ...] = ("dock",)
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0  # FAT's clock step
    rescan_seconds: Annotated[float, Field(gt=0, le=3600)] = 5.0  # events get lost; this does not
    cards_at_once: Annotated[int, Field(ge=1, le=256)] = 8  # copied at the same time, a file each in turn
    recheck: Literal["ends", "full"] = "ends"  # of a file that is known by path, size and time: its first and last 64 KiB, or all
    priority: tuple[str, ...] = ()  # serials of recorders whose files go before all others, as marked ones do


class VaultTable(_Table):
    reserve_mib: Annotated[int, Field(ge=0)] = 512  # intake stops while this much is still free
    warn_days: Annotated[int, Field(ge=0)] = 14  # time to buy and fit a disk


class ReleaseTable(_Table):
    """Whether the recorder's copy of a clip may go, and what must hold beside its seal. Off unless somebody decided otherwise."""

    policy: Literal["off", "cosigned", "copy", "cosigned+copy", "bureau", "cosigned+bureau"] = "off"
    witnesses: tuple[str, ...] = ()  # public keys (vkey) whose cosignature counts
    second_copy: str = ""  # a folder with the vault's layout, on another disk or share
    least_hours: Annotated[int, Field(ge=0)] = 24  # since the sealing: time for somebody to notice a mistake


class CheckTable(_Table):
    """Limits of the isolated child and the tuning of the cascade."""

    workers: Annotated[int, Field(ge=1, le=64)] = max(1, os.cpu_count() or 1)
    gate: Annotated[float, Field(ge=0, le=1)] = 0.08
    dense_seconds: Annotated[int, Field(ge=0, le=86_400)] = 180  # of a clip with far key frames, gone through each second
    full_size_frames: Annotated[int, Field(ge=0, le=10_000)] = (
        40  # per clip, read again at full size before 抽检未见: .7-2 s each
    )
    key_frame_every_ms: Annotated[int, Field(ge=0)] = 900
    memory_mib: Annotated[int, Field(ge=512)] = 3072
    cpu_seconds: Annotated[int, Field(ge=1)] = 1800
    wall_seconds: Annotated[int, Field(ge=1)] = 3600
    isolation: Literal["auto", "required", "off"] = "auto"  # of the child, from network and files
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    overlay_tolerance_seconds: Annotated[int, Field(ge=1)] = 60  # recorders that buffer begin before the time in the name
    speech_model: str = ""  # a folder; empty: nothing is listened to
    speech_cpu_seconds: Annotated[int, Field(ge=1)] = 240  # half an hour of street at .13 per second
    speech_first_minutes: Annotated[int, Field(ge=0)] = 10  # certificate and notice come early


class LinkTable(_Table):
    buffer_seconds: Annotated[int, Field(ge=0, le=3600)] = 300  # peers advise at most 4-5 minutes
    unread_clock_seconds: Annotated[int, Field(ge=0)] = 60  # doubt about a clock that no card told
    longest_stage_hours: Annotated[int, Field(ge=1)] = 8


class CoverageTable(_Table):
    tolerance_seconds: Annotated[int, Field(ge=0)] = 10
    grace_days: Annotated[int, Field(ge=0)] = 1  # no 城管 figure exists; police: within 24 h (辽宁公安 2015)


class ReviewTable(_Table):
    """Reviews by people. No Chinese rule names a share to be reviewed; peers set one per officer and month."""

    four_eyes: tuple[Literal["seen", "missing", "not_required"], ...] = ()  # decisions that a second person must confirm
    per_officer: Annotated[int, Field(ge=0)] = 2  # marks 抽检已见 to review of each officer and month: whether the check errs
    per_unit: Annotated[int, Field(ge=0)] = 0


class CareTable(_Table):
    """What makes a recorder-day lost besides repairs and reported faults, when recorders are looked at, retired and bought.

    No law gives any of these numbers: docs/devices.md says what each is meant to do.
    """

    lost_by_footage: tuple[str, ...] = ("damaged", "unreadable", "mute", "frozen")
    clock_limit_seconds: Annotated[int, Field(ge=0)] = 60
    officers_per_recorder: Annotated[int, Field(ge=1)] = (
        2  # two enforce together (行政强制法 18); 无极 2, 本溪 3, 长治 B 5, 魏县 1
    )
    certificate_soon_days: Annotated[int, Field(ge=0)] = 60  # time to have a certificate renewed
    service_interval_days: Annotated[int, Field(ge=0)] = 180  # 0: nothing is due by interval
    faulty_days: Annotated[int, Field(ge=1)] = 3  # with faults in the footage, so that one bad clip is no repair
    faulty_within_days: Annotated[int, Field(ge=1)] = 30
    undocked_days: Annotated[int, Field(ge=1)] = 30  # lost, broken or in a drawer
    retire_repairs: Annotated[int, Field(ge=1)] = 3
    retire_cost_percent: Annotated[int, Field(ge=1)] = 50  # of the price: what is left would not pay for the rest
    renew_months: Annotated[int, Field(ge=0)] = 12  # budgets are made once a year


class StatisticsTable(_Table):
    upload_hours: Annotated[int, Field(ge=1)] = (
        24  # after the recording ended; police rule (辽宁公安 2015), no 城管 figure exists
    )


class ScrubTable(_Table):
    """Sealed clips are read again at night, the longest unread first: the second look that the page cache cannot fake."""

    from_hour: Annotated[int, Field(ge=0, le=23)] = 1  # local; no shift docks its recorders then
    minutes: Annotated[int, Field(ge=0, le=1440)] = 120  # 0: never


class RetentionTable(_Table):
    """How long footage is kept where no stage says, and whether anything is ever removed."""

    expiry: Literal["off", "listed"] = "off"  # listed: what is due may be listed, and removed once the list is old enough
    unlinked_months: Annotated[int, Field(ge=6, le=1200)] = 6  # 公安部 公安机关现场执法视音频记录工作规定 第十三条: 不少于 6 个月
    case_years: Annotated[int, Field(ge=0, le=100)] = 0  # of 同案卷, from the stage's end; 0: unknown, so never by itself
    wait_days: Annotated[int, Field(ge=7, le=365)] = 7  # between list and removal: time for somebody to object
    undo_days: Annotated[int, Field(ge=1, le=3650)] = 30  # what an objection gives, as Axon's deletion queue does


class StoreTable(_Table):
    """The object store in which stations and bureau meet. Empty `url`: this station stands alone."""

    url: str = ""  # of an S3 server (http, https), or a folder: a share, a disk that is carried
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = "avrecord"
    credentials: str = "keys/store.ini"  # AWS's form, profile default; not there: the environment's
    region: str = "us-east-1"
    ca: str = ""  # a CA bundle, where the server's certificate is the bureau's own
    lock: Literal["off", "retention", "required"] = "retention"  # where the store keeps locks; required: no other store
    lock_months: Annotated[int, Field(ge=0, le=1200)] = 0  # of each object at least; requires locks, too


class SyncTable(_Table):
    """When clips are sent, and whose word is taken for their copies. The log and its attachments are sent at every round."""

    every_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300
    hours: Annotated[str, Field(pattern=r"^$|^([01]?\d|2[0-3])-([01]?\d|2[0-4])$")] = ""  # local, such as 19-7; empty: always
    limit_mbit: Annotated[float, Field(ge=0)] = 0  # of the line that offices share; 0: all of it
    order: Literal["newest", "oldest"] = "newest"  # yesterday's case is asked about first
    bureau_key: str = ""  # OpenSSH public key that signs the bureau's receipts
    witness: str = ""  # the bureau's witness key (vkey)


class BureauTable(_Table):
    """`database`: libpq's address of the PostgreSQL that holds all stations' indexes; empty: a file for each station."""

    database: str = ""
    stalled_seconds: Annotated[int, Field(ge=2, le=3600)] = 30  # without a sign of life a worker is gone; its tasks begin again


class ArchiveTable(_Table):
    """`to`: the folder, on another disk, into which the pages write 年底归档. Empty: only the command line makes archives."""

    to: str = ""


class WebTable(_Table):
    """`names`: further names by which browsers may call this station, as a reverse proxy passes them on."""

    host: str = "127.0.0.1"
    names: tuple[str, ...] = ()
    port: Annotated[int, Field(ge=0, le=65535)] = 8720
    copies_gib: Annotated[int, Field(ge=1)] = 20  # of copies that browsers can play; the oldest go first, each can be made again


class Settings(BaseSettings):
    """All of `station.toml`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="AVRECORD_STATION__", env_nested_delimiter="__")
    station: StationTable
    dock: DockTable = DockTable()
    vault: VaultTable = VaultTable()
    release: ReleaseTable = ReleaseTable()
    check: CheckTable = CheckTable()
    link: LinkTable = LinkTable()
    coverage: CoverageTable = CoverageTable()
    review: ReviewTable = ReviewTable()
    care: CareTable = CareTable()
    statistics: StatisticsTable = StatisticsTable()
    scrub: ScrubTable = ScrubTable()
    retention: RetentionTable = RetentionTable()
    archive: ArchiveTable = ArchiveTable()
    bureau: BureauTable = BureauTable()
    store: StoreTable = StoreTable()
    sync: SyncTable = SyncTable()
    web: WebTable = WebTable()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings


def load(root: Path) -> Settings:
    """Read a station's configuration. Raises NoStation or ConfigError with every wrong value named."""
    path = root / FILE
    if not path.is_file():
        raise NoStation(root=root, path=path, detail="")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        found = Settings(**table)
        # How long evidence is kept follows from the file alone, whose every change the log states; a line in a shell is nowhere.
        return found.model_copy(update={"retention": RetentionTable(**table.get("retention", {}))})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path=path, detail=f"不是有效的 TOML（{error}）") from error
    except SettingsError as error:
        raise ConfigError(path="环境变量 AVRECORD_STATION__…", detail=f"值读不懂（{error}）") from error
    except ValidationError as error:
        raise ConfigError(path=path, detail="；".join(_sentence(e) for e in error.errors())) from error


def origins(settings: Settings, root: Path) -> list[tuple[str, Any, str]]:
    """Every setting by its dotted name, its value, and where it comes from: the environment, the file, or the default."""
    table = tomllib.loads((root / FILE).read_text("utf-8"))
    found = []
    for part, inner in settings:
        for name, value in inner:
            spoken = f"AVRECORD_STATION__{part}__{name}".upper()
            from_env = part != "retention" and any(key.upper() == spoken for key in os.environ)
            where = f"环境变量 {spoken}" if from_env else FILE if name in table.get(part, {}) else "默认"
            found.append((f"{part}.{name}", value, where))
    return found


_SENTENCES = {
    "missing": "缺少 {at}",
    "extra_forbidden": "不认识 {at}",
    "string_pattern_mismatch": "{at} 的写法不对：{input}",
    "int_parsing": "{at} 应为整数：{input}",
    "int_type": "{at} 应为整数：{input}",
    "int_from_float": "{at} 应为整数：{input}",
    "float_parsing": "{at} 应为数字：{input}",
    "float_type": "{at} 应为数字：{input}",
    "string_type": "{at} 应为文字：{input}",
    "tuple_type": "{at} 应为列表：{input}",
    "literal_error": "{at} 不是可选的值：{input}",
    "model_type": "{at} 应为一节设置：{input}",
    "greater_than": "{at} 太小：{input}",
    "greater_than_equal": "{at} 太小：{input}",
    "less_than": "{at} 太大：{input}",
    "less_than_equal": "{at} 太大：{input}",
}


def _sentence(error: Any) -> str:
    at = ".".join(str(part) for part in error["loc"])
    return _SENTENCES.get(error["type"], "{at} 的值不对：{input}").format(at=at, input=error.get("input"))
