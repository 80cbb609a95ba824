"""Attacks on the release of a card: copies that are none, witnesses that are none, files swapped under the hand."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from avrecord import station
from avrecord.dock import wiping
from avrecord.dock.volumes import volume_at
from avrecord.errors import CardError, ConfigError
from avrecord.pipeline import witnessing
from avrecord.pipeline.receive import receive
from avrecord.pipeline.release import grant, inspect_release, wipe
from avrecord.seal.note import COSIGNATURE, NoteKey
from cli.test_release import ready, refusals, scene, second_disk
from conftest import pattern

if os.geteuid() != 0:
    pytest.skip("!!! attacks with bind mounts need root !!!", allow_module_level=True)


def left(card):
    return sorted(p.name for p in card.rglob("*") if p.is_file())


def test_own_witness_key_is_no_outside(scene):
    own = NoteKey(scene.kit.witness_name, scene.kit.witness_key.public, COSIGNATURE)
    scene.reopen(policy="cosigned", witnesses=[own.vkey], least_hours=0)
    witnessing.trust(scene.kit, scene.kit.log_key.vkey)
    reply = witnessing.answer(scene.kit, witnessing.request(scene.kit))
    witnessing.accept(scene.kit, reply.body, own, "041001")
    with pytest.raises(ConfigError):
        refusals(scene)


def test_second_copy_that_is_a_link_to_the_vault(scene, second_disk):
    for day in scene.kit.vault.root.iterdir():
        (second_disk / day.name).symlink_to(day)
    scene.reopen(policy="copy", second_copy=str(second_disk), least_hours=0)
    assert refusals(scene) == {"no_copy"}, "the vault's own file counted as second copy"


def test_second_copy_bind_mount_below_the_folder(scene, second_disk):
    points = []
    try:
        for day in scene.kit.vault.root.iterdir():
            (second_disk / day.name).mkdir()
            if subprocess.run(["mount", "--bind", day, second_disk / day.name], check=False).returncode:
                pytest.skip("!!! bind mounts do not work here: a vault mounted as a card is NOT TESTED !!!")
            points.append(second_disk / day.name)
        scene.reopen(policy="copy", second_copy=str(second_disk), least_hours=0)
        assert refusals(scene) == {"no_copy"}, "bind mount of the vault counted as second copy"
    finally:
        for point in points:
            subprocess.run(["umount", point], check=True)


def test_second_copy_in_memory(scene):
    shm = Path("/dev/shm/avrecord-copy")
    shutil.rmtree(shm, ignore_errors=True)
    try:
        shutil.copytree(scene.kit.vault.root, shm)
        scene.reopen(policy="copy", second_copy=str(shm), least_hours=0)
        with pytest.raises(ConfigError):
            refusals(scene)
    finally:
        shutil.rmtree(shm)


def test_same_size_and_time_other_bytes_between_check_and_wipe(scene):
    ready(scene)
    found = inspect_release(volume_at(scene.card), scene.kit)
    assert len(found.free) == 3
    f = next(scene.card.rglob("*090000.mp4"))
    st = f.stat()
    f.write_bytes(pattern(9000, 77))
    os.utime(f, ns=(st.st_atime_ns, st.st_mtime_ns))
    grant(found, "041007", scene.kit)
    wipe(found, "041007", scene.kit)
    assert f.exists(), "bytes that are sealed nowhere were wiped"


def test_a_fsync_that_fails_after_the_unlink(scene, monkeypatch):
    ready(scene)
    found = inspect_release(volume_at(scene.card), scene.kit)
    grant(found, "041007", scene.kit)
    with monkeypatch.context() as m:
        m.setattr(
            wiping,
            "os",
            SimpleNamespace(**{**vars(os), "fsync": lambda fd: (_ for _ in ()).throw(OSError(errno.EINVAL, "Invalid argument"))}),
        )
        n, kept = wipe(found, "041007", scene.kit)
    assert n == 3 or len(left(scene.card)) == 3, (n, kept, left(scene.card))


def test_vault_folder_is_a_link_to_the_card(scene):
    ready(scene)
    # the vault's folder was "moved" onto the card: the vault's copy IS the card's file
    vf = next(scene.kit.vault.root.rglob("*090000.mp4")).parent
    cf = next(scene.card.rglob("*090000.mp4")).parent
    outside = scene.card.parent / "x"
    shutil.move(vf, outside)
    # seals next to the files on the card cannot be there (manifest) -> use a bind of single file
    vf.mkdir()
    pts = []
    try:
        for p in outside.iterdir():
            if p.suffix == ".sig":
                shutil.copy(p, vf / p.name)
            else:
                (vf / p.name).touch()
                if subprocess.run(["mount", "--bind", cf / p.name, vf / p.name]).returncode:
                    pytest.skip("!!! bind mounts do not work here: a vault mounted as a card is NOT TESTED !!!")
                pts.append(vf / p.name)
        found = inspect_release(volume_at(scene.card), scene.kit)
        assert not [v for v in found.free if v.file.path.endswith(b".mp4")], "card's file is the vault's file"
    finally:
        for p in pts:
            subprocess.run(["umount", p])


def test_the_vault_itself_bind_mounted_as_a_card(scene, tmp_path):
    """A bind mount of vault/<day>/<recorder>: taking it would grow it for ever, releasing it would wipe the only copies."""
    folder = next(scene.kit.vault.root.rglob("VIDEO")).parent
    point = tmp_path / "mnt"
    point.mkdir()
    if subprocess.run(["mount", "--bind", folder, point], check=False).returncode:
        pytest.skip("!!! bind mounts do not work here: a vault mounted as a card is NOT TESTED !!!")
    try:
        before = sorted(folder.rglob("*"))
        for ask in (receive, inspect_release):
            with pytest.raises(CardError):
                ask(volume_at(point), scene.kit)
        assert sorted(folder.rglob("*")) == before
    finally:
        subprocess.run(["umount", point], check=True)


def test_the_second_copy_is_the_card(scene, second_disk):
    """second_copy points at a folder on the very card that is to be wiped."""
    for path in [path.relative_to(scene.kit.vault.root) for path in scene.kit.vault.root.rglob("*.mp4")]:
        (second_disk / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(scene.kit.vault.root / path, second_disk / path)
    volume = volume_at(second_disk)
    receive(volume, scene.kit)
    scene.reopen(policy="copy", second_copy=str(second_disk), least_hours=0)
    assert not inspect_release(volume, scene.kit).free


def test_cosigned_by_the_named_and_later_by_another(scene, tmp_path):
    """Named witness covers the leaf; a larger checkpoint cosigned by somebody else must not hide that."""
    ready(scene)
    other = tmp_path / "other"
    station.create(other, "other-01", "x")
    ok = station.open_station(other, clock=lambda: scene.now)
    w2 = NoteKey(ok.witness_name, ok.witness_key.public, COSIGNATURE)
    witnessing.trust(ok, scene.kit.log_key.vkey)
    reply = witnessing.answer(ok, witnessing.request(scene.kit, 0))
    assert reply.status == 200, reply.body
    witnessing.accept(scene.kit, reply.body, w2, "041001")
    assert refusals(scene) == {None}
