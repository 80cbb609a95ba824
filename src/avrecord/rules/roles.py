"""Who may see and do what. A role sees and does its own; a supervisor of a unit sees that unit."""

from __future__ import annotations

from dataclasses import dataclass

ROLES = ("operator", "supervisor", "auditor", "custodian", "admin")
SEES: dict[str, frozenset[str]] = {
    "operator": frozenset({"dock", "home"}),
    "supervisor": frozenset({"dock", "home", "cases", "footage", "selfcheck", "imports", "bureau"}),
    "auditor": frozenset({"dock", "home", "cases", "footage", "verify", "selfcheck", "bureau"}),
    "custodian": frozenset({"dock", "home", "devices", "imports", "bureau"}),
    "admin": frozenset({"dock", "home", "devices", "verify", "system", "imports", "bureau"}),
}
"""Parts of the pages, by role. The dock's own screen is everybody's who stands before it. Who administers the machine has
no business with what was filmed."""
DOES: dict[str, frozenset[str]] = {
    "supervisor": frozenset({"review", "rectify", "draw", "take", "proxy", "import", "import_cases", "import_people"}),
    "auditor": frozenset({"verify", "export", "draw", "take", "proxy", "archive", "campaign"}),
    "custodian": frozenset({"import", "import_devices"}),
    "admin": frozenset({"verify", "campaign", "import", "import_people", "import_devices"}),
}
"""What a role may do beside looking. An auditor draws the sample and decides nothing about a case."""
OF_ALL_UNITS = frozenset({"import", "import_cases", "import_people", "import_devices", "archive", "campaign"})
"""What only an account of all units does: one workbook, one archive, one campaign holds many units."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in. `number` is the 执法证号 or 工号 that stands in statements; an empty `unit` is every unit."""

    name: str
    number: str
    role: str
    unit: str


def may_see(account: Account, part: str) -> bool:
    return part in SEES.get(account.role, frozenset())


def may_do(account: Account, deed: str) -> bool:
    return deed in DOES.get(account.role, frozenset()) and not (account.unit and deed in OF_ALL_UNITS)


def narrowed(account: Account, unit: str) -> str | None:
    """The unit that a query of this account is about, when `unit` was asked for ("" for all); None: not theirs to see."""
    if not account.unit:
        return unit
    return account.unit if unit in ("", account.unit) else None


def locked_seconds(failures: int) -> int:
    """How long an account stays shut after so many wrong passwords in a row: from the fifth on, a minute, doubling to an hour."""
    return 0 if failures < 5 else min(3600, 60 * 2 ** (failures - 5))
