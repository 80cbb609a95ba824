"""What a store really does, found out on a canary before any evidence is entrusted to it.

Servers answer 200 to what they do not do: one was seen to replace the object by the XML of a legal hold. So nothing is believed
but a read-back, and everything happens below a key of its own that holds no evidence.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from avrecord.errors import AvrecordError, ObjectDiffers, ObjectMissing
from avrecord.vault.objects import Objects, digest_of
from avrecord.vault.s3 import PART, S3Objects, base64_digest, explained

CANARY_LOCK = timedelta(minutes=2)
"""How long the locked canary stays: the store keeps it, so nothing of ours takes it away earlier."""

Result = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that we rely on. `needed`: without it nothing is uploaded."""

    name: str
    needed: bool
    result: Result
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Probed:
    """All of them. `refused`: what is needed and is not there. `locks`: whether Object Lock may be used."""

    store: str
    found: tuple[Property, ...]

    @property
    def is_certain(self) -> bool:
        """Whether everything that is needed could be tried: an outage condemns no store."""
        return all(each.result != "unknown" for each in self.found if each.needed)

    @property
    def refused(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.found if each.needed and each.result != "yes")

    @property
    def locks(self) -> bool:
        return {each.name for each in self.found if each.result == "yes"}.issuperset(LOCKS)


LOCKS = ("lock_kept", "hold_harmless", "retention_harmless")


def probe(objects: Objects, prefix: str) -> Probed:
    """Try everything on objects below `prefix` (with its closing slash)."""
    at = f"{prefix}canary/{secrets.token_hex(8)}/"
    made: list[str] = []
    tests: list[tuple[str, bool, Callable[[], tuple[Result, str]]]] = [
        ("read_back", True, lambda: _read_back(objects, _note(made, f"{at}中文 与 空格.mp4"))),
        ("no_overwrite", True, lambda: _no_overwrite(objects, _note(made, f"{at}once"))),
        ("range", True, lambda: _range(objects, _note(made, f"{at}range"))),
        ("listed", True, lambda: _listed(objects, at, made)),
        ("parts", True, lambda: _parts(objects, _note(made, f"{at}parts"))),
    ]
    if isinstance(objects, S3Objects):
        tests += [
            ("digest_checked", True, lambda: _digest(objects, _note(made, f"{at}digest"))),
            ("lock_kept", False, lambda: _lock(objects, f"{at}lock")),
            ("hold_harmless", False, lambda: _hold(objects, _note(made, f"{at}hold"))),
            ("retention_harmless", False, lambda: _retention(objects, f"{at}retention")),
        ]
    try:
        return Probed(objects.name, tuple(Property(name, needed, *_tried(test)) for name, needed, test in tests))
    finally:
        for key in made:
            with suppress(AvrecordError):
                objects.remove(key)


def _tried(test: Callable[[], tuple[Result, str]]) -> tuple[Result, str]:
    try:
        return test()
    except AvrecordError as error:
        return "unknown", str(error.facts.get("detail") or error)[:200]


def _note(made: list[str], key: str) -> str:
    made.append(key)
    return key


def _read_back(objects: Objects, key: str) -> tuple[Result, str]:
    content = secrets.token_bytes(70_001)
    objects.put(key, content)
    return _whether(objects.get(key, 1 << 20) == content and objects.size(key) == len(content))


def _no_overwrite(objects: Objects, key: str) -> tuple[Result, str]:
    objects.put(key, b"first")
    with suppress(ObjectDiffers):
        objects.put(key, b"other")
    return _whether(objects.get(key, 100) == b"first")


def _range(objects: Objects, key: str) -> tuple[Result, str]:
    content = secrets.token_bytes(3_000_000)
    objects.put(key, content)
    return _whether(all(b"".join(objects.read(key, a, b)) == content[a:b] for a, b in _ranges(len(content))))


def _ranges(size: int) -> Iterator[tuple[int, int]]:
    yield from ((0, 1), (1_234_567, 2_345_678), (size - 1, size))


def _listed(objects: Objects, at: str, made: list[str]) -> tuple[Result, str]:
    listed = {key for key, _ in objects.keys(at)}
    return _whether({key for key in made if objects.size(key) is not None} <= listed)


def _parts(objects: Objects, key: str) -> tuple[Result, str]:
    """A file in two parts; then another file under its name."""
    with tempfile.TemporaryDirectory() as folder:
        path, digests = Path(folder) / "canary", []
        for _ in range(2):
            content = secrets.token_bytes(PART + 12_345)
            path.write_bytes(content)
            digests.append(hashlib.sha256(content).hexdigest())
            with suppress(ObjectDiffers):
                objects.put_file(key, path, digests[-1])
        return _whether(digest_of(objects, key)[0] == digests[0])


def _digest(objects: S3Objects, key: str) -> tuple[Result, str]:
    """Other bytes than were announced must not be kept."""
    with suppress(AvrecordError):
        _put(objects, key, b"damaged on the way", base64_digest(b"as it was sent"))
    return _whether(objects.size(key) is None)


def _lock(objects: S3Objects, key: str) -> tuple[Result, str]:
    """A locked version stays when its removal is asked for."""
    words = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": datetime.now(UTC) + CANARY_LOCK}
    version = _put(objects, key, b"locked", base64_digest(b"locked"), **words).get("VersionId")
    if not version:
        return "no", "没有版本"
    with suppress(AvrecordError), explained(key):
        objects.client.delete_object(Bucket=objects.bucket, Key=key, VersionId=version)
    try:
        return _whether(objects.get(key, 100) == b"locked")
    except ObjectMissing:
        return "no", "锁定的版本被删除"


def _hold(objects: S3Objects, key: str) -> tuple[Result, str]:
    """A legal hold touches no content, is said to be there, and goes again."""
    objects.put(key, b"held")
    with suppress(AvrecordError), explained(key):
        objects.client.put_object_legal_hold(Bucket=objects.bucket, Key=key, LegalHold={"Status": "ON"})
    if objects.get(key, 10_000) != b"held":
        return "no", "内容被改写"
    with explained(key):
        status = objects.client.get_object_legal_hold(Bucket=objects.bucket, Key=key)["LegalHold"].get("Status")
        objects.client.put_object_legal_hold(Bucket=objects.bucket, Key=key, LegalHold={"Status": "OFF"})
    return _whether(status == "ON")


def _retention(objects: S3Objects, key: str) -> tuple[Result, str]:
    """A retention set afterwards touches no content."""
    objects.put(key, b"retained")
    until = datetime.now(UTC) + CANARY_LOCK
    with suppress(AvrecordError), explained(key):
        objects.client.put_object_retention(
            Bucket=objects.bucket, Key=key, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until}
        )
    if objects.get(key, 10_000) != b"retained":
        return "no", "内容被改写"
    with explained(key):
        said = objects.client.get_object_retention(Bucket=objects.bucket, Key=key)["Retention"].get("Mode")
    return _whether(said == "COMPLIANCE")


def _put(objects: S3Objects, key: str, content: bytes, digest: str, **words: Any) -> dict[str, Any]:
    with explained(key):
        return dict(objects.client.put_object(Bucket=objects.bucket, Key=key, Body=content, ChecksumSHA256=digest, **words))


def _whether(holds: bool) -> tuple[Result, str]:
    return ("yes" if holds else "no"), ""
