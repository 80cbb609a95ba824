"""Private keys at rest: sealed under a passphrase, or in a token that never gives them away."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.errors import KeyProblem
from avrecord.pipeline import rotation
from avrecord.pipeline.receive import receive
from avrecord.pipeline.verify import verify
from avrecord.seal import keyfile, keys, token
from avrecord.seal.signer import SoftSigner
from conftest import NOW, avrecord, pattern

WORD = "一句很长的口令".encode()
MODULES = [Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/local/lib/softhsm/libsofthsm2.so")]
MODULE = next((path for path in MODULES if path.exists()), None)
OID_PARAMS = b"\x13\x0cedwards25519"  # CKA_EC_PARAMS: a PrintableString, as PKCS#11 v3.0 has it


@pytest.fixture
def passphrase(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "passphrase"
    path.write_bytes(WORD + b"\n")
    monkeypatch.setenv(keyfile.PASSPHRASE_FILE, str(path))
    return path


def test_a_sealed_key_comes_back_with_its_passphrase_and_with_no_other(tmp_path):
    key, path = SoftSigner.generate(), tmp_path / "k"
    keyfile.write(path, "clip", key, WORD)
    assert keyfile.read(path, "clip", None, lambda: WORD).public == key.public
    for wrong in (WORD + b"x", b"", None):
        with pytest.raises(KeyProblem):
            keyfile.read(path, "clip", None, lambda wrong=wrong: wrong)


def test_a_sealed_key_is_derived_as_the_plan_asks(tmp_path):
    keyfile.write(tmp_path / "k", "clip", SoftSigner.generate(), WORD)
    header, role, kind, operations, memory, *_ = (tmp_path / "k").read_text().split()
    assert (header, role, kind) == ("avrecord-key-v1", "clip", "argon2id")
    assert (int(operations), int(memory)) == (3, 256 << 20)
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600


def test_no_byte_of_a_sealed_key_can_be_changed(tmp_path, monkeypatch):
    monkeypatch.setattr("nacl.pwhash.argon2id.OPSLIMIT_MODERATE", 1)
    monkeypatch.setattr("nacl.pwhash.argon2id.MEMLIMIT_MODERATE", 8192)
    key, path = SoftSigner.generate(), tmp_path / "k"
    keyfile.write(path, "clip", key, WORD)
    content = path.read_bytes()
    memory = content.index(b" 8192 ") + 1  # argon2 counts whole KiB: 8,193 bytes are 8,192, and 9,192 are no less
    for at in set(range(len(content) - 1)) - set(range(memory, memory + 4)):
        changed = bytearray(content)
        changed[at] ^= 1
        path.write_bytes(changed)
        with pytest.raises(KeyProblem):
            keyfile.read(path, "clip", None, lambda: WORD)


@pytest.mark.parametrize("limits", ["3 99999999999999", "65 8192", "0 8192", "-1 8192", "3 x"])
def test_a_key_file_that_asks_for_too_much_is_refused_before_anything_is_derived(tmp_path, limits):
    keyfile.write(tmp_path / "k", "clip", SoftSigner.generate(), WORD)
    words = (tmp_path / "k").read_text().split()
    (tmp_path / "k").write_text(" ".join([*words[:3], limits, *words[5:]]) + "\n")
    with pytest.raises(KeyProblem, match="格式不符"):
        keyfile.read(tmp_path / "k", "clip", None, lambda: WORD)


def test_a_station_under_a_passphrase_answers_without_it_and_takes_cards_with_it(root, dcam, passphrase, monkeypatch):
    assert avrecord("clips", root=root).returncode == 0  # states the configuration that the fixture changed
    assert avrecord("keys", "protect", "--passphrase-file", passphrase, root=root).returncode == 0
    assert "argon2id" in (root / "keys" / "clip.key").read_text()
    card = dcam({"VIDEO/090000.mp4": pattern(3000)})
    monkeypatch.delenv(keyfile.PASSPHRASE_FILE)
    assert avrecord("clips", root=root).returncode == 0
    assert avrecord("verify", "--all", root=root).returncode == 0
    refused = avrecord("ingest", card, "--no-check", root=root)
    assert (refused.returncode, "口令" in refused.stderr) == (31, True)
    monkeypatch.setenv(keyfile.PASSPHRASE_FILE, str(passphrase))
    taken = avrecord("ingest", card, "--no-check", root=root)
    assert taken.returncode == 0, taken.stderr
    assert '"OK_UNWITNESSED": 1' in avrecord("verify", "--all", "--json", root=root).stdout
    assert avrecord("keys", "protect", "--remove", root=root).returncode == 0
    assert "argon2id" not in (root / "keys" / "clip.key").read_text()


def test_the_wrong_passphrase_unseals_no_key_and_changes_none(root, passphrase):
    assert avrecord("keys", "protect", "--passphrase-file", passphrase, root=root).returncode == 0
    before = {path.name: path.read_bytes() for path in (root / "keys").glob("*.key")}
    passphrase.write_bytes(b"wrong\n")
    assert avrecord("keys", "protect", "--remove", root=root).returncode == 31
    assert {path.name: path.read_bytes() for path in (root / "keys").glob("*.key")} == before


def test_a_systemd_credential_is_found(tmp_path, monkeypatch):
    (tmp_path / keyfile.CREDENTIAL).write_bytes(WORD + b"\r\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert keyfile.passphrase_from_environment() == WORD


def test_a_closed_key_that_is_not_the_announced_one_never_signs(tmp_path, monkeypatch):
    monkeypatch.setattr("nacl.pwhash.argon2id.OPSLIMIT_MODERATE", 1)
    monkeypatch.setattr("nacl.pwhash.argon2id.MEMLIMIT_MODERATE", 8192)
    keys.create(tmp_path / "keys", "station-01", WORD)
    keyfile.write(tmp_path / "keys" / "clip.key", "clip", SoftSigner.generate(), WORD)
    loaded = keys.load(tmp_path / "keys", "station-01", lambda: WORD)
    with pytest.raises(KeyProblem, match="不是一对"):
        loaded.sealer.seal(hashlib.sha256(b"clip").digest())


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory) -> str:
    """A SoftHSM token with an Ed25519 key for each role; returns the start of the keys' URIs."""
    if MODULE is None or shutil.which("softhsm2-util") is None:
        pytest.skip("!!! softhsm2 is not installed: PKCS#11 is NOT tested !!!")
    import pkcs11

    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    (folder / "pin").write_text("1234\n")
    patch = pytest.MonkeyPatch()
    patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
    patch.setenv(token.PIN_FILE, str(folder / "pin"))
    init = ["softhsm2-util", "--init-token", "--free", "--label", "station 1", "--pin", "1234", "--so-pin", "12345678"]
    subprocess.run(init, check=True, capture_output=True)
    with pkcs11.lib(str(MODULE)).get_token(token_label="station 1").open(rw=True, user_pin="1234") as session:
        for label in keys.ROLES:
            parameters = session.create_domain_parameters(
                pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: OID_PARAMS}, local=True
            )
            parameters.generate_keypair(mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, label=label, store=True)
    yield f"pkcs11:token=station%201;object={{}}?module-path={MODULE}"
    patch.undo()


def test_a_token_signs_what_anybody_can_verify(softhsm, tmp_path):
    signer = token.open_key(softhsm.format("clip"), tmp_path)
    VerifyKey(signer.public).verify(b"message", signer.sign(b"message"))


def test_a_station_whose_keys_move_into_a_token_goes_on_and_its_log_leads_from_key_to_key(softhsm, root, dcam):
    kit = station.open_station(root, clock=lambda: NOW)
    receive(volume_at(dcam({"VIDEO/090000.mp4": pattern(3000)})), kit)
    for role in keys.ROLES:
        rotation.rotate(kit, role, "041001", lambda: None, softhsm.format(role))
        kit.store.close()
        kit = station.open_station(root, clock=lambda: NOW)
    assert "pkcs11:" in (root / "keys" / "log.key").read_text()
    receive(volume_at(dcam({"VIDEO/090100.mp4": pattern(3000, 2)}, name="slot2")), kit)
    assert verify(kit).totals == {"OK_UNWITNESSED": 2, "NO_EXTERNAL_REFERENCE": 1}
    kit.store.close()


@pytest.mark.parametrize("uri", ["pkcs11:token=none;object=clip", "pkcs11:x", "object=nobody"])
def test_a_token_or_key_that_is_not_there_is_said_and_nothing_is_signed(softhsm, tmp_path, uri):
    wanted = softhsm.format("nobody") if uri.startswith("object") else uri
    with pytest.raises(KeyProblem):
        token.open_key(wanted, tmp_path / "clip.key")
