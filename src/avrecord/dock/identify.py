"""Whose card is this? The first profile that applies and yields an identity wins; nothing is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from avrecord.dock.clockfacts import clock_and_facts
from avrecord.dock.profile import GENERIC, Pattern, Profile, Seen
from avrecord.dock.texts import Budget, Line, Read, matching
from avrecord.errors import ConfigError
from avrecord.model.card import Card, Claim, SourceFile, Volume
from avrecord.rules.recorder_clock import doubt

Files = tuple[SourceFile, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One profile against one card: whether it applies, whom it names and where that stands, or why not."""

    profile: str
    applies: bool
    recorder: str | None
    identity_from: str | None
    why_not: str | None


def identify(
    volume: Volume, files: Files, profiles: tuple[Profile, ...], read: Read, now: datetime, docked: datetime | None = None
) -> Card:
    """Match a profile and read the recorder's identity, clock, battery and whatever else its profile knows.

    A profile whose mount test the card meets reads names even without an identity; the generic one is the last
    resort. A card without identity is still taken, as an unknown device to be assigned later.
    `docked`: when the card appeared at this station, where that is known.
    """
    tried = attempts(volume, files, profiles, read)
    named = [(profile, found) for profile, found in zip(profiles, tried, strict=True) if found.recorder]
    known = [(profile, found) for profile, found in zip(profiles, tried, strict=True) if found.applies and profile.mount.given]
    last = [(profile, found) for profile, found in zip(profiles, tried, strict=True) if profile.name == GENERIC]
    if not (named or known or last):
        raise ConfigError(path="devices", detail="缺少机型配置 generic.toml")
    profile, found = (named or known or last)[0]
    claims = claims_of(profile, files, now)
    clock, battery, facts = clock_and_facts(profile, files, claims, read, now, docked)
    facts = replace(facts, identity_from=found.identity_from)
    return Card(volume, profile.name, found.recorder, files, clock, battery, claims, facts)


def attempts(volume: Volume, files: Files, profiles: tuple[Profile, ...], read: Read) -> list[Attempt]:
    """Every profile in order, up to the first that yields an identity; the rest are not asked."""
    found: list[Attempt] = []
    footage: dict[tuple[Pattern, ...], Seen] = {}
    for profile in profiles:
        if any(attempt.recorder for attempt in found):
            found.append(Attempt(profile.name, False, None, None, "前面的机型已认出"))
            continue
        if profile.ignored not in footage:
            footage[profile.ignored] = Seen(tuple(file for file in files if not profile.ignores(file.shown)))
        found.append(_attempt(profile, volume, footage[profile.ignored], profiles, read))
    return found


def claims_of(profile: Profile, files: Files, now: datetime) -> dict[bytes, Claim]:
    """What each name says, with what cannot be true of it."""
    found = {}
    for file in files:
        claim = profile.claim(file)
        if claim.start and (reason := doubt(claim.start, now, profile.plausible_from, profile.resets)):
            claim = replace(claim, doubt=reason)
        found[file.path] = claim
    return found


def _attempt(profile: Profile, volume: Volume, seen: Seen, profiles: tuple[Profile, ...], read: Read) -> Attempt:
    if lacks := profile.mount.lacks(volume, seen):
        return Attempt(profile.name, False, None, None, lacks)
    recorder, source = _identity(profile, volume, seen.files, read)
    if recorder and (others := _others(recorder, seen.files, profiles, read)):
        # Several recorders' cards in one folder: nobody's footage may become another's.
        return Attempt(profile.name, True, None, None, f"文件夹里还有别的记录仪：{'、'.join(sorted(others))}")
    return Attempt(profile.name, True, recorder, source, None if recorder else _no_identity(profile))


def _no_identity(profile: Profile) -> str:
    if profile.name == GENERIC:
        return "通用机型不认设备号"
    looked = [
        f"{profile.identity.text.path.pattern} 中没有设备号" if profile.identity.text else "",
        f"卷标不符合 {profile.identity.label.pattern}" if profile.identity.label else "",
    ]
    return "；".join(filter(None, looked)) or "多数文件名没有同一个设备号"


def _identity(profile: Profile, volume: Volume, files: Files, read: Read) -> tuple[str | None, str | None]:
    """The recorder, and where it was read."""
    identity = profile.identity
    if identity.text:
        for line in _identity_lines(profile, files, read):
            return line.values["serial"], f"file:{line.path}"
    if identity.label and (match := identity.label.search(volume.label or "")) and match["serial"]:
        return match["serial"], f"label:{volume.label}"
    if identity.text or identity.label:
        return None, None
    named = Counter(device for device in map(profile.device_in, files) if device)
    if not named or (identity.unanimous and len(named) > 1):
        return None, None
    serial, count = named.most_common(1)[0]
    return (serial, f"names:{count}") if count * 2 > named.total() else (None, None)


def _identity_lines(profile: Profile, files: Files, read: Read) -> list[Line]:
    rule, budget = profile.identity.text, Budget()
    if rule is None:
        return []
    found = [line for file in files if rule.path.search(file.shown) for line in matching(rule, file, read, budget)]
    return [line for line in found if line.values.get("serial")]


def _others(recorder: str, files: Files, profiles: tuple[Profile, ...], read: Read) -> set[str]:
    """Recorders other than `recorder` to whom a folder below this one belongs as a card of its own."""
    below: dict[bytes, list[SourceFile]] = {}
    for file in files:
        folder, slash, _ = file.path.partition(b"/")
        if slash:
            below.setdefault(folder, []).append(file)
    found = set()
    for folder, inside in below.items():
        moved = {SourceFile(file.path[len(folder) + 1 :], file.size, file.mtime_ns): file for file in inside}

        def read_inside(file: SourceFile, at: int, most: int, moved: dict[SourceFile, SourceFile] = moved) -> bytes:
            return read(moved[file], at, most)

        card, seen = Volume("", "folder", label=SourceFile(folder, 0, 0).shown), Seen(tuple(moved))
        for profile in profiles:
            if profile.mount.lacks(card, seen) is None and (serial := _identity(profile, card, seen.files, read_inside)[0]):
                found.add(serial)
                break
    return found - {recorder}
