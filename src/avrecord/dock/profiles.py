"""Profiles from TOML, read strictly: what is not understood is named, never passed over. `docs/profiles.md` gives the keys."""

from __future__ import annotations

import codecs
import tomllib
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import re2

from avrecord.dock.profile import GENERIC, Identity, MountTest, Pattern, Profile, TextRule, TrackRule
from avrecord.errors import ConfigError
from avrecord.model.clip import Media

NAME_GROUPS = frozenset({"device", "user", "date", "time", "sequence", "important"})
LINE_GROUPS = frozenset({"battery", "free_mb", "free_gb", "user", "fault", "clock_own", "clock_true", "clock_docked"})
FORMS = ("nmea", "gpx")
OLDEST = datetime(2015, 1, 1)  # noqa: DTZ001 - by each profile's zone; older than any recorder in use
OPTIONS = re2.Options()
OPTIONS.log_errors = False


class _Wrong(ValueError):
    """What is wrong with a profile, in Chinese."""


def load(folder: Path) -> tuple[Profile, ...]:
    """All profiles of a folder, by file name; `generic` must be among them and comes last.

    What the generic one ignores, and the days at which it knows clocks to start again, hold for all.
    """
    found = [read(path) for path in sorted(folder.glob("*.toml"))]
    found.sort(key=lambda profile: profile.name == GENERIC)
    if not found or found[-1].name != GENERIC:
        raise ConfigError(path=folder, detail="缺少机型配置 generic.toml")
    names = [profile.name for profile in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(path=folder, detail=f"机型名称重复：{'、'.join(sorted(twice))}")
    return tuple(beside(profile, found[-1]) for profile in found)


def beside(profile: Profile, generic: Profile) -> Profile:
    """A profile with what the generic one says for all."""
    since = profile.plausible_from or generic.plausible_from or OLDEST.replace(tzinfo=profile.zone)
    if profile is generic:
        return replace(profile, plausible_from=since)
    resets = (*profile.resets, *(day.replace(tzinfo=profile.zone) for day in generic.resets))
    return replace(profile, ignored=(*profile.ignored, *generic.ignored), resets=resets, plausible_from=since)


def read(path: Path) -> Profile:
    """One profile. Raises ConfigError with what is wrong and where."""
    try:
        return _profile(_Table(tomllib.loads(path.read_text("utf-8-sig")), ""))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path=path, detail=f"机型配置不是有效的 TOML（{error}）") from error
    except OSError as error:
        raise ConfigError(path=path, detail=f"机型配置读不出（{error.strerror}）") from error
    except _Wrong as error:
        raise ConfigError(path=path, detail=f"机型配置{error}") from error


class _Table:
    """A TOML table that knows which of its keys were asked for."""

    def __init__(self, content: dict[str, Any], at: str) -> None:
        self.content, self.at, self.asked = content, at, set[str]()

    def get(self, key: str, kind: type | tuple[type, ...], word: str, default: Any = None) -> Any:
        self.asked.add(key)
        value = self.content.get(key, default)
        if value is not default and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            raise _Wrong(f"中 {self.at}{key} 应为{word}：{value}")
        return value

    def text(self, key: str) -> str | None:
        found: str | None = self.get(key, str, "文字")
        return found

    def needed(self, key: str) -> str:
        found = self.text(key)
        if not found or not found.strip():
            raise _Wrong(f"缺少 {self.at}{key}")
        return found

    def texts(self, key: str) -> list[str]:
        found = self.get(key, list, "列表", [])
        if wrong := [value for value in found if not isinstance(value, str)]:
            raise _Wrong(f"中 {self.at}{key} 的每一项应为文字：{wrong[0]}")
        return list(found)

    def table(self, key: str) -> _Table | None:
        found = self.get(key, dict, f"一节 [{key}]")
        return None if found is None else _Table(found, f"{self.at}{key}.")

    def tables(self, key: str) -> list[_Table]:
        found = self.get(key, list, f"若干节 [[{key}]]", [])
        if not all(isinstance(value, dict) for value in found):
            raise _Wrong(f"中 {self.at}{key} 应为若干节 [[{key}]]")
        return [_Table(value, f"{self.at}{key}[{n}].") for n, value in enumerate(found, 1)]

    def patterns(self, key: str, groups: frozenset[str] = frozenset()) -> tuple[Pattern, ...]:
        return tuple(_pattern(text, f"{self.at}{key}", groups) for text in self.texts(key))

    def pattern(self, key: str, groups: frozenset[str] = frozenset()) -> Pattern | None:
        text = self.text(key)
        return None if text is None else _pattern(text, f"{self.at}{key}", groups)

    def done(self) -> None:
        """Every key was understood."""
        if unknown := sorted(set(self.content) - self.asked):
            raise _Wrong(f"有不认识的项：{'、'.join(f'{self.at}{key}' for key in unknown)}")


def _profile(table: _Table) -> Profile:
    hours = table.get("utc_offset_hours", (int, float), "数字", 8)
    if not -14 <= hours <= 14:
        raise _Wrong(f"中 utc_offset_hours 应在 -14 到 14 之间：{hours}")
    zone = timezone(timedelta(hours=hours))
    since = table.get("plausible_from", date, "日期（如 2015-01-01）")
    resets = table.get("reset_dates", list, "列表", [])
    found = Profile(
        name=table.needed("name"),
        title=table.needed("title"),
        zone=zone,
        names=table.patterns("names", NAME_GROUPS),
        mount=_mount(table.table("mount")),
        identity=_identity(table.table("identity")),
        logs=tuple(_text_rule(each, LINE_GROUPS) for each in table.tables("logs")),
        tracks=tuple(_track_rule(each) for each in table.tables("tracks")),
        important=table.patterns("important"),
        ignored=table.patterns("ignored"),
        endings=_endings(table.table("endings")),
        plausible_from=_midnight(since, zone, "plausible_from") if since else None,
        resets=tuple(_midnight(day, zone, "reset_dates") for day in resets),
    )
    table.done()
    return found


def _midnight(day: Any, zone: timezone, key: str) -> datetime:
    if type(day) is not date:
        raise _Wrong(f"中 {key} 应为日期（如 2015-01-01，不加引号）：{day}")
    return datetime.combine(day, time(), zone)


def _mount(table: _Table | None) -> MountTest:
    if table is None:
        return MountTest()
    found = MountTest(
        table.patterns("files"), table.patterns("folders"), table.pattern("label"), tuple(table.texts("filesystems"))
    )
    table.done()
    return found


def _identity(table: _Table | None) -> Identity:
    if table is None:
        return Identity()
    serial = frozenset({"serial"})
    label = table.pattern("label", serial)
    unanimous = bool(table.get("unanimous", bool, "true 或 false", False))
    text = _text_rule(table, serial) if "path" in table.content else None
    if label is not None and "serial" not in label.groupindex:
        raise _Wrong("中 identity.label 应含 (?P<serial>…)")
    if text and not any("serial" in pattern.groupindex for pattern in text.lines.values()):
        raise _Wrong("中 identity.lines 应含 (?P<serial>…)")
    table.done()
    return Identity(text, label, unanimous)


def _text_rule(table: _Table, groups: frozenset[str]) -> TextRule:
    path = _pattern(table.needed("path"), f"{table.at}path", frozenset({"date"}))
    encoding = table.text("encoding") or "gb18030"
    try:
        if not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError
    except LookupError:
        raise _Wrong(f"中 {table.at}encoding 不是文字编码：{encoding}") from None
    lines = table.table("lines")
    if lines is None or not lines.content:
        raise _Wrong(f"缺少 {table.at}lines")
    patterns = {name: _pattern(lines.needed(name), f"{lines.at}{name}", groups) for name in lines.content}
    if groups != frozenset({"serial"}):
        table.done()
    return TextRule(path, encoding, patterns)


def _track_rule(table: _Table) -> TrackRule:
    path = _pattern(table.needed("path"), f"{table.at}path", frozenset())
    form = table.needed("format")
    if form not in FORMS:
        raise _Wrong(f"中 {table.at}format 应为 nmea 或 gpx：{form}")
    own = table.pattern("own", frozenset({"clock_own"}))
    if own is not None and "clock_own" not in own.groupindex:
        raise _Wrong(f"中 {table.at}own 应含 (?P<clock_own>…)")
    first = bool(table.get("name_is_first_fix", bool, "true 或 false", False))
    table.done()
    return TrackRule(path, form, own, first)


def _endings(table: _Table | None) -> dict[str, Media]:
    if table is None:
        return {}
    kinds = {media.value: media for media in Media}
    found = {}
    for ending in table.content:
        kind = table.needed(ending)
        if kind not in kinds:
            raise _Wrong(f"中 endings.{ending} 应为 {'、'.join(kinds)} 之一：{kind}")
        found[ending.lower().lstrip(".")] = kinds[kind]
    return found


def _pattern(text: str, at: str, groups: frozenset[str]) -> Pattern:
    try:
        found = re2.compile(text, OPTIONS)
    except (re2.error, UnicodeEncodeError) as error:
        raise _Wrong(f"中 {at} 的正则表达式不对：{text}（{_said(error)}）") from error
    if unknown := sorted(set(found.groupindex) - groups):
        may = "、".join(sorted(groups)) or "（无）"
        raise _Wrong(f"中 {at} 有不认识的捕获名：{'、'.join(unknown)}；可用：{may}")
    return found


def _said(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(error)
