"""Real object stores for the tests, each a process group of its own on loopback, gone afterwards."""

from __future__ import annotations

import itertools
import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import botocore.exceptions
import pytest

KEY, SECRET = "station", "secret-of-the-tests"
BUCKET = "avrecord"
BIN = Path(sys.executable).parent


GIVEN = itertools.count(0, 8)


def program(name: str) -> str:
    """A program that the lock file installs beside Python; where it is not, the store is NOT TESTED."""
    if not (BIN / name).exists():
        pytest.skip(f"!!! {name} is not installed (./setup.sh test): an object store is NOT TESTED !!!")
    return str(BIN / name)


def ports(count: int) -> list[int]:
    """Free ports below 50000: weed adds 10,000 to each for gRPC."""
    found: list[int] = []
    # Two test processes must not find the same ones between looking and listening.
    first = 20000 + os.getpid() * 32 % 19000 + next(GIVEN)
    for at in range(first, 50000):
        if len(found) == count:
            break
        with socket.socket() as one, socket.socket() as two, suppress(OSError):
            one.bind(("127.0.0.1", at))
            two.bind(("127.0.0.1", at + 10000))
            found.append(at)
    return found


@dataclass
class Server:
    """A running store. `stop(SIGKILL)` is what a power cut leaves."""

    url: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.log.parent
            )

    def stop(self, how: int = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        self.process.wait()

    def wait_until_it_answers(self, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(self.url, timeout=2).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                pass
            assert self.process.poll() is None, self.log.read_text("utf-8", "replace")[-2000:]
            time.sleep(0.1)
        raise AssertionError(self.log.read_text("utf-8", "replace")[-2000:])


@dataclass
class Weed(Server):
    """SeaweedFS with what docs/bureau.md asks for: every acknowledged object is on the disk."""

    master: int = 0
    filer: int = 0

    def ask_for_fsync(self) -> None:
        self.shell("fs.configure -locationPrefix=/buckets/ -fsync -apply")

    def make_bucket(self) -> None:
        """The bucket with Object Lock, once the server serves."""
        words = {"endpoint_url": self.url, "region_name": "us-east-1"}
        client = boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET, **words)
        until = time.monotonic() + 60
        while True:
            try:
                client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
                return
            except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.3)

    def shell(self, words: str) -> str:
        addresses = [f"-master=127.0.0.1:{self.master}", f"-filer=127.0.0.1:{self.filer}"]
        done = subprocess.run(
            [program("weed"), "shell", *addresses], input=f"{words}\n".encode(), capture_output=True, timeout=60, check=True
        )
        return done.stdout.decode("utf-8", "replace")


@contextmanager
def seaweed(folder: Path, who: dict[str, object] | None = None) -> Iterator[Weed]:
    """`who`: its identities, as `s3.json` has them; by default one that may do everything."""
    folder.mkdir()
    (folder / "data").mkdir()
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    identity = {"name": KEY, "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": actions}
    (folder / "s3.json").write_text(json.dumps(who or {"identities": [identity]}))
    master, volume, filer, s3 = ports(4)
    command = [
        program("weed"), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder / 'data'}", "-s3", f"-s3.port={s3}",
        f"-s3.config={folder / 's3.json'}", f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}",
        "-master.volumeSizeLimitMB=64", "-volume.max=40", "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false",
    ]  # fmt: skip
    server = Weed(f"http://127.0.0.1:{s3}", command, folder / "log", master=master, filer=filer)
    server.start()
    try:
        server.wait_until_it_answers()
        server.ask_for_fsync()
        yield server
    finally:
        server.stop()


@contextmanager
def rclone(folder: Path) -> Iterator[Server]:
    """The liar: it takes wrong digests, writes over what is there, and replaces an object by the XML of a hold."""
    (folder / "data").mkdir(parents=True)
    [port] = ports(1)
    command = [program("rclone"), "serve", "s3", "--auth-key", f"{KEY},{SECRET}", "--addr", f"127.0.0.1:{port}", "data"]
    server = Server(f"http://127.0.0.1:{port}", command, folder / "log")
    server.start()
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()


@contextmanager
def swift(folder: Path) -> Iterator[Server]:
    """OpenStack Swift's s3api over one device: another engine, with the digest and the condition right and no locks at all."""
    (folder / "device" / "d1").mkdir(parents=True)
    names = ("account", "container", "object")
    at = dict(zip((*names, "proxy"), ports(4), strict=True))
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = one\ndefault = yes\n"
    )
    commands = []
    for name in names:
        builder = folder / f"{name}.builder"
        for words in (["create", "4", "1", "0"], ["add", f"r1z1-127.0.0.1:{at[name]}/d1", "1"], ["rebalance"]):
            subprocess.run([program("swift-ring-builder"), str(builder), *words], check=True, capture_output=True)
        config = folder / f"{name}.conf"
        config.write_text(
            f"[DEFAULT]\nswift_dir = {folder}\ndevices = {folder / 'device'}\nmount_check = false\nbind_ip = 127.0.0.1\n"
            f"bind_port = {at[name]}\nworkers = 0\nuser = {_me()}\nlog_address = /nowhere\n"
            f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"
        )
        commands.append([program(f"swift-{name}-server"), str(config)])
    proxy = folder / "proxy.conf"
    proxy.write_text(
        f"[DEFAULT]\nswift_dir = {folder}\nbind_ip = 127.0.0.1\nbind_port = {at['proxy']}\nworkers = 0\nuser = {_me()}\n"
        "log_address = /nowhere\n"
        "[pipeline:main]\npipeline = catch_errors cache listing_formats bulk s3api tempauth slo dlo proxy-server\n"
        "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
        f"[filter:tempauth]\nuse = egg:swift#tempauth\nuser_tests_{KEY} = {SECRET} .admin\n"
        "[filter:s3api]\nuse = egg:swift#s3api\nallow_multipart_uploads = true\nmin_segment_size = 1\n"
        + "".join(f"[filter:{name}]\nuse = egg:swift#{egg}\n" for name, egg in SWIFT_FILTERS.items())
    )
    commands.append([program("swift-proxy-server"), str(proxy)])
    servers = [
        Server(f"http://127.0.0.1:{port}", words, folder / f"log.{port}")
        for port, words in zip(at.values(), commands, strict=True)
    ]
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_it_answers()
        yield servers[-1]
    finally:
        for server in servers:
            server.stop()


SWIFT_FILTERS = {
    "catch_errors": "catch_errors", "cache": "memcache", "listing_formats": "listing_formats",
    "bulk": "bulk", "slo": "slo", "dlo": "dlo",
}  # fmt: skip


def _me() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name
