"""On whose word a verification stands: what the auditor brings, and the keys that follow from it.

Keys come from the auditor's policy or from a key list that an offline root signed; only when there is neither
from the station itself, and then the verdict says so (密钥未经核准).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from avrecord.model.finding import Finding
from avrecord.model.moments import utc_text
from avrecord.model.trust import KeyList, ListedKey
from avrecord.seal import keylist
from avrecord.seal.note import COSIGNATURE, NoteKey, is_signed_by
from avrecord.seal.policy import NONE, Policy
from avrecord.seal.verify import ReadLog

ANY = "any"


@dataclass(frozen=True, slots=True)
class Demand:
    """What the auditor brings: checkpoints kept elsewhere, a policy with keys and a quorum, a root's key list.

    `now`: the auditor's clock, for lists that expired; `max_age`: how old the newest witness may be.
    """

    checkpoints: tuple[Path, ...] = ()
    policy: Policy | None = None
    keys: KeyList | None = None
    now: datetime | None = None
    max_age: timedelta | None = None


NO_DEMAND = Demand()


@dataclass(frozen=True, slots=True)
class Standing:
    """The keys to verify with. `listed`: clip keys by their 32 bytes, None without a key list."""

    logs: tuple[NoteKey, ...]
    policy: Policy | None
    listed: Mapping[bytes, ListedKey] | None
    approved: bool
    revoked_logs: Mapping[NoteKey, str] = field(default_factory=dict)
    """Revoked log keys, each with the time before which a witness must have seen what it signed."""
    findings: list[Finding] = field(default_factory=list)
    named: tuple[NoteKey, ...] = ()
    """Log keys that the auditor names himself."""

    @property
    def witnesses(self) -> list[NoteKey]:
        return list(self.policy.witnesses.values()) if self.policy else []


def standing(station: str, own: tuple[NoteKey, ...], demand: Demand) -> Standing:
    """Resolve a demand for one station. `own`: the log keys that the station itself keeps, newest first."""
    logs, revoked = own, dict[NoteKey, str]()
    listed = None
    if demand.keys:
        listed = {keylist.public_of(key): key for key in demand.keys.of("clip")}
        entries = demand.keys.of("log", station)
        logs = tuple(NoteKey.parse(key.key) for key in entries if not key.revoked)
        revoked = {NoteKey.parse(key.key): key.revoked.cosigned_before for key in entries if key.revoked}
    policy = demand.policy or (_policy_of(station, demand.keys) if demand.keys else None)
    if demand.policy:
        named = tuple(key for key in demand.policy.logs if not own or key.name == own[0].name)
        logs = named if not demand.keys else tuple(key for key in logs if key in named)
        policy = _without_revoked(demand.policy, demand.keys)
    approved = demand.policy is not None or demand.keys is not None
    return Standing(logs or own, policy, listed, approved, revoked, _stale_list(demand), named=logs)


def of_the_head(stands: Standing, own: tuple[NoteKey, ...], read: ReadLog) -> list[Finding]:
    """Whose word the head is: a key that a chain of rotations leads to is believed, and said to be unknown to the auditor."""
    if not stands.approved or read.head_key in stands.named or read.head_key in stands.revoked_logs:
        return []
    if read.head_key is None and not any(is_signed_by(read.head, key) for key in own):
        return []  # nobody's: said already
    return [Finding("UNKNOWN_KEY", "log", detail="采集站的日志公钥不在核验策略或密钥表中")]


def _policy_of(station: str, keys: KeyList) -> Policy:
    """Without a policy of the auditor's own: any listed witness of another station counts, with each key that it ever had."""
    found = [key for key in keys.of("witness") if key.station != station and not key.revoked]
    witnesses = {f"{key.station}-{n}": NoteKey.parse(key.key, COSIGNATURE) for n, key in enumerate(found)}
    groups = {ANY: (1, tuple(witnesses))} if witnesses else {}
    return Policy((), witnesses, groups, ANY if witnesses else NONE)


def _without_revoked(policy: Policy, keys: KeyList | None) -> Policy:
    """The auditor's policy less witnesses whose keys the root revoked: they cosign nothing."""
    gone = {key.key for key in keys.of("witness") if key.revoked} if keys else set()
    kept = {name: key for name, key in policy.witnesses.items() if key.vkey not in gone}
    return replace(policy, witnesses=kept)


def _stale_list(demand: Demand) -> list[Finding]:
    if demand.keys and demand.now and utc_text(demand.now) > demand.keys.expires:
        detail = f"密钥表第 {demand.keys.version} 版已于 {demand.keys.expires[:10]} 到期，请向根密钥保管人索取新版"
        return [Finding("STALE", "keylist", None, None, demand.keys.expires, detail)]
    return []
