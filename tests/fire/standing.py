"""What must hold after any fault, asked of the station as an auditor would ask it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from avrecord import station
from avrecord.model.statement import Statement
from avrecord.pipeline.verify import verify_evidence
from avrecord.seal.codec import decode

OUTSIDE = "NO_EXTERNAL_REFERENCE"  # no witness in these drills: said once by every verification


def findings(root: Path) -> Counter[str]:
    """Every verdict but the good ones: clips, seals, log, files that nobody stated, index against log."""
    found = verify_evidence(station.evidence(root))
    return Counter({code: count for code, count in found.totals.items() if code not in ("OK", "OK_UNWITNESSED", OUTSIDE)})


def bad(root: Path) -> list[object]:
    """The findings behind `findings`, for a failed test's message."""
    return [f for f in verify_evidence(station.evidence(root)).findings if f.code not in ("OK", "OK_UNWITNESSED", OUTSIDE)]


def sealed(root: Path) -> Counter[str]:
    """How many times each clip lies in the vault, by SHA-256 of its bytes as read here."""
    files = (path for path in (root / "vault").rglob("*") if path.is_file() and path.suffix != ".sig")
    return Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)


def half(root: Path) -> list[str]:
    """Part files, intents and half-written files that nobody finished or removed."""
    lying = [path.name for path in (root / "incoming").iterdir() if path.suffix in (".part", ".intent", ".new")]
    lying += [path.name for folder in ("log", "attachments", "vault") for path in (root / folder).rglob("*.new")]
    return lying + [path.name for path in (root / "vault").rglob("*.sig") if not path.with_suffix("").exists()]


def statements(root: Path) -> list[Statement]:
    """The log, in order; a hole or a wrong number in it is an error here."""
    kit = station.open_station(root)
    try:
        read = [decode(entry, index) for index, entry in kit.log.entries()]
    finally:
        kit.store.close()
    assert [statement.seq for statement in read] == list(range(len(read)))
    return read


def account(root: Path, contents: Iterable[bytes]) -> dict[str, int]:
    """0 lost, 0 doubled, 0 half, 0 unsealed, nothing strange: what a drill prints and asserts."""
    wanted = Counter(hashlib.sha256(content).hexdigest() for content in set(contents))
    there = sealed(root)
    unsealed = [p for p in (root / "vault").rglob("*") if p.is_file() and p.suffix != ".sig" and not Path(f"{p}.sig").exists()]
    stated = Counter(s.body.clip for s in statements(root) if s.body.kind in ("clip.sealed", "clip.set_aside"))
    return {
        "clips": len(wanted),
        "lost": len(wanted - there),
        "strange": len(set(there) - set(wanted)),
        "doubled": sum(count - 1 for count in (there | stated).values()),
        # An intent of what the log states already is no half of anything: the next start drops it.
        "half": sum(not (name.endswith(".intent") and name.partition(".")[0] in stated) for name in half(root)),
        "unsealed": len(unsealed),
        "unstated": len(set(there) - set(stated)),
        "findings": findings(root).total(),
    }


def clean(counted: dict[str, int]) -> bool:
    """Whether an account has nothing but clips in it."""
    return not any(count for what, count in counted.items() if what != "clips")
