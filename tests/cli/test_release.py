"""A card may be wiped only by a written policy, after everything was read again; every doubt refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from avrecord import station
from avrecord.cli.main import run
from avrecord.dock.volumes import volume_at
from avrecord.pipeline import witnessing
from avrecord.pipeline.receive import receive
from avrecord.pipeline.release import inspect_release
from avrecord.pipeline.verify import verify
from avrecord.seal.note import COSIGNATURE, NoteKey
from conftest import NOW, pattern

FILES = {"VIDEO/090000.mp4": pattern(9000), "VIDEO/090100.mp4": pattern(9000, 2), "LOG/a.log": b"BAT=50%\n"}


@pytest.fixture
def scene(root, tmp_path, dcam) -> Iterator[SimpleNamespace]:
    """A station with a taken card, a bureau that may witness it, and a clock that the test moves."""
    card = dcam(FILES)
    made = SimpleNamespace(root=root, card=card, now=NOW, kit=None)
    station.create(tmp_path / "bureau", "bureau-01", "主管局")
    made.bureau = station.open_station(tmp_path / "bureau", clock=lambda: made.now)
    witness = NoteKey(made.bureau.witness_name, made.bureau.witness_key.public, COSIGNATURE)

    def reopen(**release: object) -> None:
        if made.kit:
            made.kit.store.close()
        text = (root / "station.toml").read_text("utf-8").partition("\n[release]")[0]
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in release.items())
        (root / "station.toml").write_text(f"{text}\n[release]\n{lines}", "utf-8")
        made.kit = station.open_station(root, clock=lambda: made.now)

    def cosign() -> None:
        witnessing.trust(made.bureau, made.kit.log_key.vkey)
        reply = witnessing.answer(made.bureau, witnessing.request(made.kit))
        assert reply.status == 200, reply.body
        witnessing.accept(made.kit, reply.body, witness, "041001")

    made.reopen, made.cosign, made.witness = reopen, cosign, witness
    reopen()
    receive(volume_at(card), made.kit)
    yield made
    made.kit.store.close()
    made.bureau.store.close()


def refusals(scene) -> set[str | None]:
    found = inspect_release(volume_at(scene.card), scene.kit)
    return {found.refusal} if found.refusal else {verdict.refusal for verdict in found.files}


def released(scene, *words: str) -> int:
    scene.kit.store.close()
    return run(["--root", str(scene.root), "-q", "release", str(scene.card), "--by", "041007", *words])


def ready(scene) -> None:
    """Everything that the policy asks for holds."""
    scene.reopen(policy="cosigned", witnesses=[scene.witness.vkey], least_hours=24)
    scene.cosign()
    scene.now += timedelta(hours=25)


def test_without_a_written_policy_nothing_is_ever_released(scene, capsys):
    scene.cosign()
    scene.now += timedelta(days=400)
    assert refusals(scene) == {"off"}
    assert released(scene, "--grant", "--wipe") == 15
    assert "释放策略未启用" in capsys.readouterr().out
    assert len([path for path in scene.card.rglob("*") if path.is_file()]) == 3


def test_a_file_goes_only_after_the_witness_and_the_time_that_the_policy_asks_for(scene):
    scene.reopen(policy="cosigned", witnesses=[scene.witness.vkey], least_hours=24)
    assert refusals(scene) == {"too_young"}
    scene.now += timedelta(hours=25)
    assert refusals(scene) == {"not_cosigned"}
    scene.cosign()
    assert refusals(scene) == {None}


def test_a_cosignature_by_somebody_whom_the_policy_does_not_name_counts_for_nothing(scene, tmp_path):
    station.create(tmp_path / "stranger", "stranger-01", "别处")
    other = station.open_station(tmp_path / "stranger")
    stranger = NoteKey(other.witness_name, other.witness_key.public, COSIGNATURE)
    other.store.close()
    scene.reopen(policy="cosigned", witnesses=[stranger.vkey], least_hours=0)
    scene.cosign()
    assert refusals(scene) == {"not_cosigned"}


def test_a_released_card_is_wiped_with_a_receipt_that_sha256sum_checks_and_the_log_says_so(scene, tmp_path, capsys):
    ready(scene)
    before = shutil.copytree(scene.card, tmp_path / "before")
    # The command line has a clock of its own: here the age is asked of the real one.
    scene.reopen(policy="cosigned", witnesses=[scene.witness.vkey], least_hours=0)
    assert released(scene, "--grant", "--wipe", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["granted"], said["wiped"], said["not_wiped"]) == (True, 3, [])
    assert [path for path in scene.card.rglob("*") if path.is_file()] == []
    receipt = Path(said["receipt"])
    checked = subprocess.run(["sha256sum", "-c", receipt], cwd=before, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert len(checked.stdout.splitlines()) == 3
    assert scene.kit.log.checkpoint().splitlines()[0] in receipt.read_text("utf-8")
    scene.reopen()
    rows = scene.kit.store.rows("releases")
    assert [(row["files"], row["wiped"], row["by_whom"]) for row in rows] == [(3, 3, "041007")]
    assert verify(scene.kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 3}, "the vault's copies stay"


def test_what_changed_on_the_card_since_it_was_taken_releases_nothing(scene):
    ready(scene)
    next(scene.card.rglob("*090000.mp4")).write_bytes(pattern(9000, 77))
    assert refusals(scene) == {"changed_mount"}


def test_a_file_with_the_same_name_size_and_time_but_other_bytes_stays(scene):
    ready(scene)
    file = next(scene.card.rglob("*090000.mp4"))
    times = file.stat()
    file.write_bytes(pattern(9000, 77))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert refusals(scene) == {"not_sealed", None}


def test_a_clip_that_rotted_in_the_vault_keeps_its_original_on_the_card(scene):
    ready(scene)
    stored = next(path for path in (scene.root / "vault").rglob("*090000.mp4"))
    stored.chmod(0o640)
    content = bytearray(stored.read_bytes())
    content[100] ^= 1
    stored.write_bytes(content)
    assert refusals(scene) == {"not_sound", None}


def test_two_cards_that_say_they_are_one_recorder_release_nothing(scene, dcam):
    ready(scene)
    twin = scene.root / "dock" / "slot2"
    shutil.copytree(scene.card, twin)
    assert refusals(scene) == {"ambiguous"}


def test_bytes_that_another_recorder_brought_do_not_release_this_ones(scene, dcam):
    ready(scene)
    other = dcam({"VIDEO/090000.mp4": pattern(9000)}, serial="Z3A0099", name="other")
    volume = volume_at(other)
    receive(volume, scene.kit)
    scene.cosign()
    scene.now += timedelta(hours=25)
    assert inspect_release(volume, scene.kit).free, "stated as seen again on this recorder, too"
    moved = next(other.rglob("*.mp4")).rename(other / "VIDEO" / "DCAM_Z3A0099_041007_20261116_235959.mp4")
    assert moved.exists()
    assert inspect_release(volume, scene.kit).refusal == "changed_mount"


def test_a_log_that_a_witness_knows_otherwise_releases_nothing(scene, capsys):
    ready(scene)
    kept = next((scene.root / "log").rglob("*.checkpoint"))
    lines = kept.read_text("utf-8").splitlines()
    lines[2] = lines[2][:-5] + ("AAAA=" if lines[2][-5:-1] != "AAAA" else "BBBB=")
    kept.write_text("\n".join(lines) + "\n", "utf-8")
    assert released(scene) in (13, 11, 32)
    assert "错误" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("release", "says"),
    [
        ({"policy": "cosigned"}, "release.witnesses"),
        ({"policy": "copy"}, "release.second_copy"),
        ({"policy": "copy", "second_copy": "vault"}, "同一个磁盘"),
        ({"policy": "sometimes"}, "policy"),
    ],
)
def test_a_policy_that_cannot_be_kept_is_a_configuration_error(scene, capsys, release, says):
    text = (scene.root / "station.toml").read_text("utf-8").partition("\n[release]")[0]
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in release.items())
    (scene.root / "station.toml").write_text(f"{text}\n[release]\n{lines}", "utf-8")
    assert released(scene) == 30
    assert says in capsys.readouterr().err


@pytest.fixture
def second_disk(tmp_path) -> Iterator[Path]:
    """A file system of its own, on a loop device; or a loud skip."""
    point, image = tmp_path / "other-disk", tmp_path / "other.img"
    point.mkdir()
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("!!! no second disk: not root, or no mkfs.ext4 !!!")
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True)
    if (done := subprocess.run(["mount", "-o", "loop", image, point], capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"!!! no second disk: {done.stderr.strip()} !!!")
    yield point
    subprocess.run(["umount", point], check=True)


def test_a_second_copy_counts_when_it_lies_on_another_disk_with_the_same_bytes(scene, second_disk):
    scene.reopen(policy="copy", second_copy=str(second_disk), least_hours=0)
    assert refusals(scene) == {"no_copy"}
    shutil.copytree(scene.root / "vault", second_disk, dirs_exist_ok=True)
    assert refusals(scene) == {None}
    copy = next(second_disk.rglob("*090100.mp4"))
    copy.chmod(0o640)
    copy.write_bytes(pattern(8999, 2))
    assert refusals(scene) == {None, "no_copy"}


def test_wiping_needs_a_grant_and_never_happens_by_looking(scene, capsys):
    ready(scene)
    scene.reopen(policy="cosigned", witnesses=[scene.witness.vkey], least_hours=0)
    assert released(scene, "--wipe") == 2
    assert released(scene) == 0
    assert len([path for path in scene.card.rglob("*") if path.is_file()]) == 3
    scene.reopen()
    assert scene.kit.store.rows("releases") == []


def test_what_could_be_released_and_what_was_is_listed(scene, capsys):
    ready(scene)
    shutil.copytree(scene.card, scene.root / "dock" / "slot1")
    volume = volume_at(scene.root / "dock" / "slot1")
    receive(volume, scene.kit)
    scene.reopen(policy="cosigned", witnesses=[scene.witness.vkey], least_hours=0)
    scene.kit.store.close()
    assert run(["--root", str(scene.root), "releases", "--docked", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["rows"]
    assert (row["files"], row["free"], row["refusals"]) == (3, 3, [])
    scene.card = scene.root / "dock" / "slot1"
    assert released(scene, "--grant") == 0
    capsys.readouterr()
    assert run(["--root", str(scene.root), "releases"]) == 0
    assert "041007" in capsys.readouterr().out
