"""One contract for every object store: made once, never written over, refused when the bytes are others, whole after a cut."""

from __future__ import annotations

import hashlib
import secrets
import signal
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import botocore.exceptions
import pytest

from avrecord.errors import EvidenceError, ObjectDiffers, ObjectMissing, StoreProblem
from avrecord.vault.objects import FolderObjects, digest_of
from avrecord.vault.probe import probe
from avrecord.vault.s3 import PART, S3Objects
from contract import stores

pytestmark = pytest.mark.xdist_group("objects")


def connected(server, key: str = stores.KEY) -> S3Objects:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", stores.SECRET)
        made = S3Objects(server.url, stores.BUCKET)
        until_it_answers(made)  # the keys are read with the first request
    return made


def until_it_answers(objects: S3Objects, seconds: float = 60) -> None:
    """A server listens before it serves."""
    until = time.monotonic() + seconds
    while True:
        try:
            objects.client.list_buckets()
            return
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


@pytest.fixture(scope="module", params=["folder", "seaweed", "swift"])
def objects(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        if request.param == "folder":
            yield FolderObjects(folder)
            return
        server = stack.enter_context(getattr(stores, request.param)(folder / "server"))
        key = f"tests:{stores.KEY}" if request.param == "swift" else stores.KEY
        made = connected(server, key=key)
        locks = {"ObjectLockEnabledForBucket": True} if request.param == "seaweed" else {}
        made.client.create_bucket(Bucket=stores.BUCKET, **locks)
        yield made


def file_of(folder: Path, size: int) -> tuple[Path, str]:
    content = secrets.token_bytes(size)
    path = folder / f"{hashlib.sha256(content).hexdigest()[:8]}.mp4"
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("key", ["a/DCAM_1.mp4", "a/执法 记录.mp4", "a/100%+&?#x.mp4", "a/é.mp4", "a/.hidden", "a/" + "长" * 60])
def test_an_object_is_what_was_put_whatever_its_name(objects, key):
    assert objects.put(key, b"seen") is True
    assert (objects.get(key, 10), objects.size(key)) == (b"seen", 4)
    assert (key, 4) in list(objects.keys("a/"))


def test_the_same_bytes_twice_are_one_object_and_others_are_refused(objects):
    assert [objects.put("b/x", b"first"), objects.put("b/x", b"first")] == [True, False]
    with pytest.raises(ObjectDiffers):
        objects.put("b/x", b"other")
    with pytest.raises(ObjectDiffers):
        objects.put("b/x", b"longer than it was")
    assert objects.get("b/x", 100) == b"first"


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART + 7])
def test_a_file_of_any_size_arrives_whole_and_once(objects, tmp_path, size):
    path, digest = file_of(tmp_path, size)
    key = f"c/{size}"
    assert objects.put_file(key, path, digest) is True
    assert digest_of(objects, key) == (digest, size)
    assert objects.put_file(key, path, digest) is False
    other, changed = file_of(tmp_path, size + 1)
    with pytest.raises(ObjectDiffers):
        objects.put_file(key, other, changed)
    assert digest_of(objects, key) == (digest, size)


@pytest.mark.parametrize("size", [1000, PART + 1000])
def test_a_file_that_was_altered_since_it_was_sealed_never_becomes_visible(objects, tmp_path, size):
    path, digest = file_of(tmp_path, size)
    content = bytearray(path.read_bytes())
    content[size // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(EvidenceError):
        objects.put_file(f"d/{size}", path, digest)
    assert objects.size(f"d/{size}") is None
    assert not list(objects.keys(f"d/{size}"))


def test_a_cut_upload_shows_nothing_and_goes_on_from_its_parts(objects, tmp_path):
    path, digest = file_of(tmp_path, 4 * PART)
    sent: list[int] = []

    def cut(count: int) -> None:
        sent.append(count)
        if sum(sent) >= 2 * PART:
            raise ConnectionError("the line was cut")

    with pytest.raises((ConnectionError, StoreProblem)):
        objects.put_file("e/long", path, digest, cut)
    assert objects.size("e/long") is None
    rest: list[int] = []
    assert objects.put_file("e/long", path, digest, rest.append) is True
    assert digest_of(objects, "e/long") == (digest, 4 * PART)
    if isinstance(objects, S3Objects):
        assert sum(rest) == 2 * PART, "what the server has is not sent again"


def test_ranges_and_what_is_not_there(objects):
    content = secrets.token_bytes(2_500_000)
    objects.put("f/r", content)
    for first, stop in [(0, 1), (0, 2_500_000), (1_048_570, 1_048_590), (2_499_999, 2_500_000), (17, None)]:
        assert b"".join(objects.read("f/r", first, stop)) == content[first:stop]
    assert objects.size("f/none") is None
    for question in (lambda: objects.get("f/none", 10), lambda: list(objects.read("f/none"))):
        with pytest.raises(ObjectMissing):
            question()
    with pytest.raises(StoreProblem):
        objects.get("f/r", 1000)


def test_only_replace_changes_an_object(objects):
    objects.replace("g/checkpoint", b"1")
    objects.replace("g/checkpoint", b"22")
    assert objects.get("g/checkpoint", 10) == b"22"


def test_listing_goes_on_after_a_thousand_and_is_in_order(objects):
    wanted = [f"h/{n:04d}" for n in range(1100 if isinstance(objects, FolderObjects) else 40)]
    for key in reversed(wanted):
        objects.put(key, b"")
    assert [key for key, _ in objects.keys("h/")] == wanted


def test_the_probe_finds_what_a_store_does_and_leaves_nothing(objects, request):
    found = probe(objects, "probed/")
    assert found.refused == ()
    assert found.locks == (request.node.callspec.params["objects"] == "seaweed")
    left = [key for key, _ in objects.keys("probed/")]
    assert all(key.endswith(("/lock", "/retention")) for key in left), left


def test_a_store_that_lies_is_found_out_before_it_gets_evidence(tmp_path):
    """The control: 200 to a wrong digest, to writing over, and to a hold that replaces the object by XML."""
    with stores.rclone(tmp_path / "liar") as server:
        objects = connected(server)
        objects.client.create_bucket(Bucket=stores.BUCKET)
        found = probe(objects, "probed/")
    said = {each.name: (each.result, each.detail) for each in found.found}
    assert {"no_overwrite", "digest_checked"} <= set(found.refused)
    assert said["hold_harmless"] == ("no", "内容被改写")
    assert not found.locks


def test_a_share_that_is_not_mounted_is_no_store(tmp_path):
    with pytest.raises(StoreProblem, match="没有挂载"):
        FolderObjects(tmp_path / "share")


def test_an_unmounted_share_is_a_store_that_is_away_not_one_that_lost_everything(tmp_path):
    """Below a share that is not mounted lies an empty folder: of every clip it would say that it is missing."""
    share = tmp_path / "share"
    share.mkdir()
    objects = FolderObjects(share)
    objects.put("a/x", b"there")
    share.rename(tmp_path / "unplugged")
    share.mkdir()
    questions = (lambda: objects.get("a/x", 10), lambda: objects.size("a/x"), lambda: list(objects.read("a/x")))
    for question in (
        *questions,
        lambda: list(objects.keys("a/")),
        lambda: objects.put("a/y", b""),
        lambda: FolderObjects(share, is_new=False),
    ):
        with pytest.raises(StoreProblem, match="没有挂载") as caught:
            question()
        assert not isinstance(caught.value, ObjectMissing)
    assert not list(share.iterdir())


@pytest.mark.parametrize("key", ["/etc/passwd", "../outside", "a/../../b", "a\0b"])
def test_a_key_never_leads_out_of_the_folder(tmp_path, key):
    (tmp_path / "store").mkdir()
    with pytest.raises(StoreProblem):
        FolderObjects(tmp_path / "store").put(key, b"x")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_the_store_acknowledged_is_there_after_it_was_killed(tmp_path):
    """With `fs.configure -fsync` (docs/bureau.md). Each round: uploads until the server is killed, then all are read again."""
    with stores.seaweed(tmp_path / "server") as server:
        objects = connected(server)
        objects.client.create_bucket(Bucket=stores.BUCKET)
        acknowledged: dict[str, str] = {}
        for number in range(40):
            content = secrets.token_bytes(30_000 + number)
            objects.put(f"k/{number}", content)
            acknowledged[f"k/{number}"] = hashlib.sha256(content).hexdigest()
            if number == 30:
                server.stop(signal.SIGKILL)
                with pytest.raises(StoreProblem):
                    objects.put("k/lost", b"nobody acknowledged this")
                server.start()
                server.wait_until_it_answers()
                until_it_writes(objects)
        assert {key: digest_of(objects, key)[0] for key in acknowledged} == acknowledged


def until_it_writes(objects: S3Objects, attempts: int = 60) -> None:
    for number in range(attempts):
        try:
            objects.put(f"wake/{number}", b"")
            return
        except StoreProblem:
            time.sleep(1)
    raise AssertionError("the store does not write again")


def test_a_lock_is_kept_and_never_shortened_or_it_is_said_that_there_is_none(objects, tmp_path, request):
    kind = request.node.callspec.params["objects"]
    path, digest = file_of(tmp_path, PART + 1000)
    objects.put_file("g/long", path, digest)
    until = datetime.now(UTC) + timedelta(minutes=2)
    if kind == "folder":
        assert objects.keep("g/long", until) is None
    elif kind == "swift":  # it would take the request for an object's content: nothing asks it once the probe has seen that
        with pytest.raises(StoreProblem):
            objects.keep("g/long", until)
    else:
        kept = objects.keep("g/long", until)
        assert until <= kept < until + timedelta(seconds=2)
        assert objects.keep("g/long", until - timedelta(minutes=1)) == kept
        assert digest_of(objects, "g/long") == (digest, PART + 1000)
    with pytest.raises(ObjectMissing if kind != "swift" else StoreProblem):
        objects.keep("g/none", until)
