"""The object store as S3 speaks it (boto3). What is asked of a server, and what not:

* Each request carries the SHA-256 of its bytes, by us and explicitly: boto3's own default checksums (>= 1.36) are refused by
  other servers, and Object Lock needs one anyway.
* `If-None-Match: *` keeps what is there. A server that ignores it is found by the probe (`bureau probe-store`).
* An interrupted multipart upload goes on from the parts that the server lists: a part counts as there when its size and
  its ETag (the MD5 of its bytes) are ours. Every part's SHA-256 was checked by the server when it came.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import botocore.session
from botocore.config import Config

from avrecord import durable
from avrecord.errors import EvidenceError, LockNotKept, ObjectDiffers, ObjectMissing, ObjectTooLarge, StoreProblem
from avrecord.model.moments import local_day
from avrecord.vault.copying import BLOCK
from avrecord.vault.objects import Pace, digest_of, unhurried

PART = 8 << 20  # bytes: what is sent again after a cut, and what lies in memory
MOST_PARTS = 10_000  # of one object, as S3 has it
CONNECT_S, READ_S = 10, 60  # SeaweedFS takes 18-23 s to write again after a kill
ATTEMPTS = 4
UNLOCKED = ("NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError")  # AWS; SeaweedFS
COMPLIANCE = "COMPLIANCE"  # nobody can shorten it, not even the administrator of the store
GONE = ("404", "NoSuchKey", "NotFound")
THERE = ("412", "PreconditionFailed", "409", "ConditionalRequestConflict")


@dataclass(frozen=True, slots=True)
class Lock:
    """What each new object gets where the store was proved to keep it: it cannot be removed for a `span`. By the store's own
    clock (`now`); where that is not known, nothing is locked."""

    mode: str
    now: Callable[[], datetime | None]
    span: timedelta

    def words(self) -> dict[str, Any]:
        now = self.now()
        return {"ObjectLockMode": self.mode, "ObjectLockRetainUntilDate": now + self.span} if now else {}


class S3Objects:
    """One bucket. Safe to use from several threads."""

    def __init__(self, url: str, bucket: str, credentials: Path | None = None, region: str = "us-east-1", ca: str = "") -> None:
        """`credentials`: an AWS credentials file (ini, profile `default`); None: the environment's. `ca`: a CA bundle."""
        self.url, self.bucket = url, bucket
        self.lock: Lock | None = None
        session = botocore.session.Session()
        if credentials:
            session.set_config_variable("credentials_file", str(credentials))
        config = Config(
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"max_attempts": ATTEMPTS, "mode": "standard"},
        )
        with explained():
            self.client: Any = boto3.Session(botocore_session=session).client(
                "s3", endpoint_url=url, region_name=region, config=config, verify=ca or None
            )

        self._heard: tuple[datetime, float] | None = None
        self.client.meta.events.register("after-call.s3", self._hear)

    @property
    def name(self) -> str:
        return f"{self.url.rstrip('/')}/{self.bucket}"

    def put(self, key: str, content: bytes) -> bool:
        return self._put(key, content, hashlib.sha256(content).hexdigest())

    def put_file(self, key: str, path: Path, digest: str, pace: Pace = unhurried) -> bool:
        try:
            size = path.stat().st_size
            if size <= PART:
                content = durable.read_small(path, PART)
                _assert_unchanged(path, hashlib.sha256(content).hexdigest(), digest)
                made = self._put(key, content, digest)
                pace(len(content))
                return made
            if (there := self.size(key)) is not None:
                return self._same(key, digest, there, size)
            return self._in_parts(key, path, size, digest, pace)
        except OSError as error:
            raise StoreProblem(detail=f"读不出 {path.name}（{error.strerror or error}）") from error

    def replace(self, key: str, content: bytes) -> None:
        with explained(key):
            self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ChecksumSHA256=base64_digest(content))

    def get(self, key: str, most: int) -> bytes:
        with explained(key):
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
            with body:
                content: bytes = body.read(most + 1)
        if len(content) > most:
            raise ObjectTooLarge(detail=f"“{key[-80:]}”太大（多于 {most} 字节）")
        return content

    def read(self, key: str, first: int = 0, stop: int | None = None) -> Iterator[bytes]:
        asked = {"Range": f"bytes={first}-{'' if stop is None else stop - 1}"} if first or stop is not None else {}
        with explained(key):
            body = self.client.get_object(Bucket=self.bucket, Key=key, **asked)["Body"]
            with body:
                while block := body.read(BLOCK):
                    yield block

    def size(self, key: str) -> int | None:
        try:
            with explained(key):
                return int(self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"])
        except ObjectMissing:
            return None

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        with explained(prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                for found in page.get("Contents", []):
                    yield found["Key"], int(found["Size"])

    def now(self) -> datetime | None:
        """By the `Date` of the last answer (RFC 9110 §6.6.1)."""
        if self._heard is None:
            with suppress(StoreProblem):
                self.size("avrecord-clock")  # there is no such object, and the answer has a date all the same
        return self._heard[0] + timedelta(seconds=time.monotonic() - self._heard[1]) if self._heard else None

    def keep(self, key: str, until: datetime) -> datetime | None:
        until = until.replace(microsecond=0) + timedelta(seconds=until.microsecond > 0)  # servers keep whole seconds
        kept = self._kept_until(key)
        if kept is None or kept < until:
            with explained(key):
                retention = {"Mode": COMPLIANCE, "RetainUntilDate": until}
                self.client.put_object_retention(Bucket=self.bucket, Key=key, Retention=retention)
            kept = self._kept_until(key)
        if kept is None or kept < until:
            said = "读回时没有锁定" if kept is None else f"读回时只锁定到 {local_day(kept)}"
            raise LockNotKept(key=key[-80:], detail=said)
        return kept

    def remove(self, key: str) -> None:
        with explained(key):
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def _put(self, key: str, content: bytes, digest: str) -> bool:
        words = self.lock.words() if self.lock else {}
        try:
            with conditional(key):
                self.client.put_object(
                    Bucket=self.bucket, Key=key, Body=content, ChecksumSHA256=base64_digest(content), IfNoneMatch="*", **words
                )
        except Taken:
            return self._same(key, digest, self.size(key), len(content))
        return True

    def _in_parts(self, key: str, path: Path, size: int, digest: str, pace: Pace) -> bool:
        length = max(PART, -(-size // MOST_PARTS))
        upload, known = self._begun(key)
        whole, parts = hashlib.sha256(), []
        with durable.open_regular(path) as source:
            for number in range(1, -(-size // length) + 1):
                content = _exactly(source, min(length, size - (number - 1) * length))
                whole.update(content)
                etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
                if known.get(number) != (etag, len(content)):
                    with explained(key):
                        etag = self.client.upload_part(
                            Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=content,
                            ChecksumSHA256=base64_digest(content),
                        )["ETag"]  # fmt: skip
                    pace(len(content))
                parts.append({"PartNumber": number, "ETag": etag, "ChecksumSHA256": base64_digest(content)})
        if whole.hexdigest() != digest:
            self._abort(key, upload)
        _assert_unchanged(path, whole.hexdigest(), digest)
        try:
            with conditional(key):
                self.client.complete_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
                )
        except Taken:
            self._abort(key, upload)
            return self._same(key, digest, self.size(key), size)
        return True

    def _begun(self, key: str) -> tuple[str, dict[int, tuple[str, int]]]:
        """The upload of this object that was begun last, and its parts; else a new one."""
        with explained(key):
            begun = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=key).get("Uploads", [])
            for found in sorted(begun, key=lambda each: str(each.get("Initiated", "")), reverse=True):
                if found["Key"] == key:
                    with suppress(ObjectMissing):
                        return found["UploadId"], self._parts(key, found["UploadId"])
            words = self.lock.words() if self.lock else {}
            made = self.client.create_multipart_upload(Bucket=self.bucket, Key=key, ChecksumAlgorithm="SHA256", **words)
            return made["UploadId"], {}

    def _parts(self, key: str, upload: str) -> dict[int, tuple[str, int]]:
        found = {}
        with explained(key):
            pages = self.client.get_paginator("list_parts").paginate(Bucket=self.bucket, Key=key, UploadId=upload)
            for page in pages:
                for part in page.get("Parts", []):
                    found[int(part["PartNumber"])] = (part["ETag"], int(part["Size"]))
        return found

    def _kept_until(self, key: str) -> datetime | None:
        """Until when nobody can remove an object, as the server says; None where nothing keeps it."""
        try:
            with explained(key):
                said = self.client.get_object_retention(Bucket=self.bucket, Key=key)["Retention"]
        except StoreProblem as error:
            if error.facts.get("code") in UNLOCKED:
                return None
            raise
        return said.get("RetainUntilDate") if said.get("Mode") == COMPLIANCE else None

    def _hear(self, http_response: Any, **_: Any) -> None:
        with suppress(TypeError, ValueError, AttributeError):
            self._heard = (parsedate_to_datetime(http_response.headers.get("Date")).astimezone(UTC), time.monotonic())

    def _abort(self, key: str, upload: str) -> None:
        with suppress(StoreProblem), explained(key):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)

    def _same(self, key: str, digest: str, there: int | None, size: int) -> bool:
        """False: these very bytes are there. They are read for it: what a server says of its objects' digests differs."""
        if there is None:
            raise StoreProblem(detail=f"存储说“{key[-80:]}”有冲突，但没有这个对象；稍后再试")
        if there != size or digest_of(self, key, size)[0] != digest:
            raise ObjectDiffers(key=key)
        return False


class Taken(Exception):
    """An object of this key is there, and the server kept it. Answered within this room."""


@contextmanager
def conditional(key: str) -> Iterator[None]:
    """`explained` for the two requests that carry `If-None-Match`. Raises Taken when the server kept what was there."""
    try:
        with explained(key):
            yield
    except StoreProblem as error:
        if error.facts.get("code") in THERE:
            raise Taken(key) from error
        raise


@contextmanager
def explained(key: str = "") -> Iterator[None]:
    """boto3's errors as ours. Raises ObjectMissing, StoreProblem."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        said = error.response.get("Error", {})
        code = str(said.get("Code", ""))
        if code in (*GONE, "NoSuchUpload"):
            raise ObjectMissing(key=key) from error
        raise StoreProblem(detail=f"{said.get('Message') or code}（{code}，{key}）", code=code) from error
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.HTTPClientError, OSError) as error:
        raise StoreProblem(detail=" ".join(str(error).split())) from error


def _exactly(source: Any, length: int) -> bytes:
    """Raises EvidenceError for a file that ended before its size."""
    content = bytearray()
    while len(content) < length:
        if not (block := source.read(length - len(content))):
            raise EvidenceError(detail="片段比封存时短，没有上传")
        content += block
    return bytes(content)


def _assert_unchanged(path: Path, found: str, digest: str) -> None:
    if found != digest:
        raise EvidenceError(detail=f"{path.name} 的内容与封存时不同，没有上传")


def base64_digest(content: bytes) -> str:
    """The SHA-256 as S3's headers have it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
