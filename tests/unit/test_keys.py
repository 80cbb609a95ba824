"""The station's keys: one job each, readable by nobody else."""

from __future__ import annotations

import base64
import hashlib
import subprocess

import pytest
from making import KEY, TRUSTED

from avrecord.errors import KeyProblem
from avrecord.seal import keys
from avrecord.seal.note import NoteKey


@pytest.fixture
def folder(tmp_path):
    keys.create(tmp_path / "keys", "station-01")
    return tmp_path / "keys"


def test_new_keys_can_be_loaded_and_are_told_apart(folder):
    loaded = keys.load(folder, "station-01")
    assert loaded.sealer.public != loaded.log.public
    assert loaded.origin == "avrecord.log/station-01"


def test_nobody_else_can_read_the_keys(folder):
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.key")} == {0o600}


def test_every_station_has_keys_of_its_own(tmp_path, folder):
    keys.create(tmp_path / "other", "station-01")
    assert (tmp_path / "other" / "clip.key").read_bytes() != (folder / "clip.key").read_bytes()


def test_keys_are_never_overwritten(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyProblem):
        keys.create(folder, "station-01")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_ssh_keygen_accepts_a_stations_seal_with_the_list_that_lies_beside_its_key(folder, tmp_path):
    seal = keys.load(folder, "station-01").sealer.seal(hashlib.sha256(b"footage").digest())
    (tmp_path / "clip.sig").write_text(seal)
    command = ["ssh-keygen", "-Y", "verify", "-f", folder / "allowed_signers", "-I", "station-01", "-n", "clip@avrecord"]
    subprocess.run([*command, "-s", tmp_path / "clip.sig"], input=b"footage", check=True, capture_output=True)


def test_the_key_id_is_the_fingerprint_that_openssh_prints(folder):
    printed = subprocess.run(["ssh-keygen", "-lf", folder / "clip.pub"], check=True, capture_output=True, text=True).stdout
    assert keys.load(folder, "station-01").sealer.key_id == printed.split()[1]


def test_the_published_log_key_is_the_one_that_signs(folder):
    published = NoteKey.parse((folder / "log.vkey").read_text())
    loaded = keys.load(folder, "station-01")
    assert (published.name, published.public) == (loaded.origin, loaded.log.public)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(folder, mode):
    (folder / "log.key").chmod(mode)
    with pytest.raises(KeyProblem, match="0600"):
        keys.load(folder, "station-01")


def test_a_clip_key_is_not_taken_for_a_log_key(folder):
    """A signature over arbitrary bytes could pass as a checkpoint: the roles are never exchanged."""
    (folder / "log.key").write_bytes((folder / "clip.key").read_bytes())
    with pytest.raises(KeyProblem):
        keys.load(folder, "station-01")


SEED = base64.b64encode(KEY.seed).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(f"{SEED}\n", id="no header"),
        pytest.param(f"avrecord-key-v2 log {SEED}\n", id="another version"),
        pytest.param(f"avrecord-key-v1 log {SEED[:-4]}\n", id="too short"),
        pytest.param(f"avrecord-key-v1 log {SEED} more\n", id="more words"),
        pytest.param("avrecord-key-v1 log 证\n", id="not ASCII"),
        pytest.param(f"avrecord-key-v1 log {SEED[:-2]}B=\n", id="base64 with stray bits"),
    ],
)
def test_a_key_file_of_another_form_is_refused(folder, text):
    (folder / "log.key").write_text(text, "utf-8")
    with pytest.raises(KeyProblem):
        keys.load(folder, "station-01")


def test_a_missing_key_is_said_to_be_missing(folder):
    (folder / "clip.key").unlink()
    with pytest.raises(KeyProblem, match="不存在"):
        keys.load(folder, "station-01")


def test_a_key_that_is_known_by_heart_loads(folder):
    (folder / "log.key").write_text(f"avrecord-key-v1 log {SEED}\n")
    assert keys.load(folder, "station-01").log.public == TRUSTED.public
