"""Keys as an offline root lists them: which key had which job, from when to when, and what was revoked.

Times are UTC text, `YYYY-MM-DDTHH:MM:SS.ffffffZ`, as in statements.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """吊销. What the key signed counts only under a witness's cosignature dated before `cosigned_before`.

    A thief can claim any time and write any log, so neither the claimed time nor the position alone decides.
    `until_index`: the first leaf that no longer counts, where the root knows it.
    """

    cosigned_before: str
    until_index: int | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """One key of one station. `key`: an OpenSSH line's first two words for `clip`, a vkey for `log` and `witness`."""

    station: str
    role: str
    key: str
    valid_from: str
    valid_until: str | None
    revoked: Revocation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """密钥表: versioned, expiring. `root`: the minisign public key (base64) of the root that signs it."""

    version: int
    issued: str
    expires: str
    root: str
    keys: tuple[ListedKey, ...]

    def of(self, role: str, station: str | None = None) -> tuple[ListedKey, ...]:
        """The keys of a role, of one station or of all."""
        return tuple(key for key in self.keys if key.role == role and station in (None, key.station))


@dataclass(frozen=True, slots=True)
class Interval:
    """What evidence from outside proves of a leaf's time: not before, not after. None: nothing."""

    not_before: str | None = None
    not_after: str | None = None


UNPROVED = Interval()
"""Time claimed by the station only."""
