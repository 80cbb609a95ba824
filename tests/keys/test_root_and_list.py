"""The offline root, by command: a list of everybody's keys that stock minisign checks, versions that never go back."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from avrecord.errors import BadInput, KeyProblem
from avrecord.model.moments import utc_text
from avrecord.model.trust import KeyList, ListedKey, Revocation
from avrecord.pipeline import authority
from avrecord.pipeline.keylists import open_signed, read_for_audit
from avrecord.seal import keylist, keys, minisign, sshsig
from avrecord.seal.keylist import BadKeyList
from avrecord.seal.krl import krl
from avrecord.seal.signer import SoftSigner
from conftest import NOW, avrecord, pattern

WORD = b"correct horse"
KEY = SoftSigner(bytes(range(32)))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """argon2id at its least: what is tested here is who may sign, and `test_keyfile` tests the cost."""
    monkeypatch.setattr("nacl.pwhash.argon2id.OPSLIMIT_MODERATE", 1)
    monkeypatch.setattr("nacl.pwhash.argon2id.MEMLIMIT_MODERATE", 8192)


def export(folder: Path, station: str) -> Path:
    """The public keys of a station, as its custodian hands them over."""
    keys.create(folder / station, station)
    loaded = keys.load(folder / station, station)
    public = {"clip": loaded.sealer.public, "log": loaded.log.public, "witness": loaded.witness.public}
    path = folder / f"{station}.json"
    path.write_bytes(authority.exported(station, {role: keys.public_text(role, station, key) for role, key in public.items()}))
    return path


@pytest.fixture
def root_dir(tmp_path) -> Path:
    authority.init(tmp_path / "root", WORD, NOW, 400)
    return tmp_path / "root"


def listed(root_dir: Path, *files: Path, now: datetime = NOW) -> KeyList:
    return authority.add(root_dir, files, now, 400, lambda: WORD)


def test_the_commands_make_a_root_and_a_list_that_stock_minisign_accepts(root, tmp_path):
    word = tmp_path / "word"
    word.write_text("一句很长的口令\n", "utf-8")
    made = avrecord("keys", "root-init", "--root-dir", tmp_path / "r", "--passphrase-file", word)
    assert made.returncode == 0, made.stderr
    assert avrecord("keys", "export", "--out", tmp_path / "s.json", root=root).returncode == 0
    added = avrecord("keys", "list-add", tmp_path / "s.json", "--root-dir", tmp_path / "r", "--passphrase-file", word)
    assert added.returncode == 0, added.stderr
    assert "第 2 版，密钥 3 把" in added.stdout
    command = ["minisign", "-Vm", tmp_path / "r" / "keylist.json", "-p", tmp_path / "r" / "root.pub"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Trusted comment: avrecord keylist 2 " in said
    shown = avrecord("keys", "list-show", tmp_path / "r" / "keylist.json", "--root-key", tmp_path / "r" / "root.pub", "--json")
    assert [row["role"] for row in json.loads(shown.stdout)["rows"]] == ["clip", "log", "witness"]
    installed = avrecord("keys", "install", tmp_path / "r" / "keylist.json", "--root-key", tmp_path / "r" / "root.pub", root=root)
    assert installed.returncode == 0, installed.stderr
    assert "第 2 版" in avrecord("keys", "show", root=root).stdout


def test_a_root_asks_for_its_passphrase_and_the_wrong_one_changes_nothing(root_dir, tmp_path):
    before = {path.name: path.read_bytes() for path in root_dir.iterdir() if path.name != ".lock"}
    with pytest.raises(KeyProblem, match="口令不对"):
        authority.add(root_dir, [export(tmp_path, "station-01")], NOW, 400, lambda: b"wrong")
    assert {path.name: path.read_bytes() for path in root_dir.iterdir() if path.name != ".lock"} == before
    assert WORD not in (root_dir / "root.key").read_bytes()


def test_a_station_that_rotated_has_both_keys_listed_since_its_log_says_where_the_first_one_ended(root_dir, tmp_path):
    listed(root_dir, export(tmp_path, "station-01"))
    shutil.rmtree(tmp_path / "station-01")
    later = NOW + timedelta(days=30)
    found = listed(root_dir, export(tmp_path, "station-01"), now=later)
    old, new = found.of("clip", "station-01")
    assert (old.valid_until, new.valid_from, new.valid_until) == (None, utc_text(later), None)
    assert found.version == 3
    assert sorted(path.name for path in root_dir.glob("keylist.*.json")) == ["keylist.1.json", "keylist.2.json"]


def test_a_key_of_a_station_that_was_given_up_is_ended_by_hand(root_dir, tmp_path):
    found = listed(root_dir, export(tmp_path, "station-01"))
    until = NOW + timedelta(days=9)
    ended = authority.end(root_dir, authority.fingerprint(found.of("clip")[0]), until, NOW, 400, lambda: WORD)
    assert [key.valid_until for key in ended.keys] == [utc_text(until), None, None]


def test_two_keepers_at_once_make_two_versions_and_lose_nothing(root_dir, tmp_path):
    word = tmp_path / "word"
    word.write_bytes(WORD)
    command = [sys.executable, "-m", "avrecord", "keys", "list-add"]
    paths = [export(tmp_path, f"station-{n:02d}") for n in range(3)]
    running = [
        subprocess.Popen([*command, path, "--root-dir", root_dir, "--passphrase-file", word], stdout=subprocess.DEVNULL)
        for path in paths
    ]
    assert [child.wait(60) for child in running] == [0] * 3
    found = open_signed(root_dir / "keylist.json", [minisign.PublicKey.parse((root_dir / "root.pub").read_text())])
    assert (found.version, len(found.keys)) == (4, 9)


@pytest.mark.parametrize("name", ["*", "station-01,other", "a b", "站", ""])
def test_an_export_whose_station_would_fit_everybody_is_refused(root_dir, tmp_path, name):
    path = export(tmp_path, "station-01")
    content = json.loads(path.read_text())
    content["station"] = name
    content["keys"]["clip"] = " ".join([*content["keys"]["clip"].split()[:2], name])
    path.write_text(json.dumps(content))
    with pytest.raises(BadInput):
        listed(root_dir, path)


def test_a_root_that_was_replaced_is_believed_no_more(root_dir, tmp_path):
    listed(root_dir, export(tmp_path, "station-01"))
    (tmp_path / "desk").mkdir()
    known = Path(shutil.copy(root_dir / "root.pub", tmp_path / "desk"))
    authority.hand_over(root_dir, tmp_path / "new", NOW, 400, lambda: WORD, b"new word")
    assert read_for_audit(tmp_path / "new" / "keylist.json", known)[1] == []
    for _ in range(3):  # whoever holds the old root alone goes on signing
        authority.renew(root_dir, NOW, 400, lambda: WORD)
    with pytest.raises(KeyProblem, match="不是可信的根密钥"):
        read_for_audit(root_dir / "keylist.json", known)


def test_each_version_is_kept_with_its_signature(root_dir, tmp_path):
    listed(root_dir, export(tmp_path, "station-01"))
    root = minisign.PublicKey.parse((root_dir / "root.pub").read_text())
    assert open_signed(root_dir / "keylist.1.json", [root]).version == 1


def test_listing_the_same_export_twice_adds_nothing(root_dir, tmp_path):
    path = export(tmp_path, "station-01")
    assert listed(root_dir, path).keys == listed(root_dir, path).keys


def test_no_byte_of_a_key_list_or_its_signature_can_be_changed(root_dir, tmp_path):
    listed(root_dir, export(tmp_path, "station-01"))
    path, root = root_dir / "keylist.json", minisign.PublicKey.parse((root_dir / "root.pub").read_text())
    assert open_signed(path, [root]).version == 2
    accepted = []
    for name in ("keylist.json", "keylist.json.minisig"):
        content = (root_dir / name).read_bytes()
        first = len(content.split(b"\n")[0]) + 1 if name.endswith("minisig") else 0  # minisign's comment is covered by nothing
        for at in range(first, len(content)):
            changed = bytearray(content)
            changed[at] ^= 1 << at % 8
            (root_dir / name).write_bytes(changed)
            try:
                open_signed(path, [root])
            except KeyProblem:
                continue
            accepted.append((name, at))
        (root_dir / name).write_bytes(content)
    assert accepted == []


def test_a_signature_moved_from_an_older_version_does_not_fit(root_dir, tmp_path):
    old = (root_dir / "keylist.json.minisig").read_text()
    listed(root_dir, export(tmp_path, "station-01"))
    root = minisign.PublicKey.parse((root_dir / "root.pub").read_text())
    with pytest.raises(BadKeyList):
        keylist.open_list((root_dir / "keylist.json").read_bytes(), [old], [root])


def test_the_reader_remembers_the_newest_version_and_tells_an_older_one(root_dir, tmp_path):
    auditor = tmp_path / "auditor"
    auditor.mkdir()
    shutil.copy(root_dir / "root.pub", auditor)
    shutil.copytree(root_dir, tmp_path / "old")
    listed(root_dir, export(tmp_path, "station-01"))
    assert read_for_audit(root_dir / "keylist.json", auditor / "root.pub")[1:] == ([], True)
    found, findings, _ = read_for_audit(tmp_path / "old" / "keylist.json", auditor / "root.pub")
    assert (found.version, [finding.code for finding in findings]) == (1, ["KEYLIST_ROLLBACK"])
    assert read_for_audit(root_dir / "keylist.json", auditor / "root.pub")[1] == []


def test_two_lists_of_one_version_are_told_apart(root_dir, tmp_path):
    shutil.copytree(root_dir, tmp_path / "other")
    listed(root_dir, export(tmp_path, "station-01"))
    listed(tmp_path / "other", export(tmp_path, "station-02"))
    (tmp_path / "a").mkdir()
    shutil.copy(root_dir / "root.pub", tmp_path / "a")
    assert read_for_audit(root_dir / "keylist.json", tmp_path / "a" / "root.pub")[1] == []
    findings = read_for_audit(tmp_path / "other" / "keylist.json", tmp_path / "a" / "root.pub")[1]
    assert [finding.code for finding in findings] == ["KEYLIST_ROLLBACK"]


def test_a_new_root_takes_over_when_the_old_one_signs_beside_it(root_dir, tmp_path):
    listed(root_dir, export(tmp_path, "station-01"))
    (tmp_path / "auditor").mkdir()
    known = tmp_path / "auditor" / "root.pub"
    shutil.copy(root_dir / "root.pub", known)
    following = authority.hand_over(root_dir, tmp_path / "new", NOW, 400, lambda: WORD, b"new word")
    assert following.version == 3
    assert read_for_audit(tmp_path / "new" / "keylist.json", known)[1] == []
    # From here the reader knows the new root; its next list needs the old one no more.
    (tmp_path / "new" / "keylist.json.previous.minisig").unlink()
    authority.renew(tmp_path / "new", NOW, 400, lambda: b"new word")
    assert read_for_audit(tmp_path / "new" / "keylist.json", known)[0].version == 4
    shutil.copy(root_dir / "root.pub", tmp_path / "root.pub")
    with pytest.raises(KeyProblem):  # whoever never saw the handover does not follow
        read_for_audit(tmp_path / "new" / "keylist.json", tmp_path / "root.pub")


def test_a_crash_between_the_lists_signature_and_the_list_is_healed(root_dir, tmp_path):
    listed(root_dir, export(tmp_path, "station-01"))
    (root_dir / "keylist.json").rename(root_dir / "keylist.json.new")
    shutil.copy(root_dir / "keylist.1.json", root_dir / "keylist.json")
    assert authority.renew(root_dir, NOW, 400, lambda: WORD).version == 3


def a_key(**changes) -> ListedKey:
    ordinary = {
        "station": "station-01", "role": "clip", "key": " ".join(sshsig.public_line(KEY.public, "").split()[:2]),
        "valid_from": utc_text(NOW), "valid_until": None, "revoked": None,
    }  # fmt: skip
    return ListedKey(**ordinary | changes)


def a_list(*listed_keys: ListedKey, **changes) -> KeyList:
    ordinary = {
        "version": 1, "issued": utc_text(NOW), "expires": utc_text(NOW + timedelta(days=400)),
        "root": minisign.public_text(KEY.public).split("\n")[1], "keys": listed_keys,
    }  # fmt: skip
    return KeyList(**ordinary | changes)


def test_a_list_comes_back_as_it_was_written():
    word = Revocation(cosigned_before=utc_text(NOW), until_index=7, why="密钥介质遗失")
    written = a_list(
        a_key(revoked=word), a_key(station="station-02", role="log", key=keys.public_text("log", "station-02", KEY.public))
    )
    assert keylist.decode(keylist.encode(written)) == written


LOW_ORDER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(a_list(a_key(key=LOW_ORDER)), id="a key of low order"),
        pytest.param(a_list(a_key(role="log")), id="a clip key as a log key"),
        pytest.param(a_list(a_key(role="root")), id="an unknown role"),
        pytest.param(a_list(a_key(), a_key()), id="a key twice"),
        pytest.param(a_list(version=0), id="version 0"),
        pytest.param(a_list(a_key(valid_from="2026-11-21")), id="a time of another form"),
        pytest.param(a_list(expires="never"), id="no expiry"),
    ],
)
def test_a_list_that_no_root_should_sign_is_not_read_even_when_one_does(bad):
    with pytest.raises(BadKeyList):
        keylist.open_list(keylist.encode(bad), [keylist.sign(bad, KEY)], [minisign.PublicKey.of(KEY.public)])


@pytest.mark.parametrize("change", [("version", "1"), ("keys", {}), ("more", 1), ("schema", "avrecord.keylist/2")])
def test_a_list_of_another_form_is_not_read(change):
    fields = json.loads(keylist.encode(a_list(a_key())))
    fields[change[0]] = change[1]
    with pytest.raises(BadKeyList):
        keylist.decode(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n")


@pytest.fixture
def sealed_by(tmp_path):
    """Three stations' clips, each sealed with its own key; the second key is revoked, the third has expired."""
    signers = [SoftSigner(bytes([n]) * 32) for n in (1, 2, 3)]
    for n, signer in enumerate(signers):
        clip = tmp_path / f"{n}.mp4"
        clip.write_bytes(pattern(3000, n))
        clip.with_suffix(".mp4.sig").write_text(sshsig.sign(signer, hashlib.sha256(clip.read_bytes()).digest()))
    word = Revocation(cosigned_before=utc_text(NOW), until_index=None, why="介质被盗")
    lines = [" ".join(sshsig.public_line(signer.public, "").split()[:2]) for signer in signers]
    since = utc_text(datetime(2025, 1, 1, tzinfo=UTC))
    found = a_list(
        a_key(station="s0", key=lines[0], valid_from=since),
        a_key(station="s1", key=lines[1], valid_from=since, revoked=word),
        a_key(station="s2", key=lines[2], valid_from=since, valid_until=utc_text(datetime(2026, 1, 1, tzinfo=UTC))),
    )
    authority.write_openssh(found, tmp_path / "ssh")
    return tmp_path


def by_ssh_keygen(folder: Path, n: int, *more: str) -> bool:
    command = [
        "ssh-keygen", "-Y", "verify", "-f", folder / "ssh" / "allowed_signers", "-I", f"s{n}", "-n", "clip@avrecord",
        "-r", folder / "ssh" / "revoked.krl", "-s", folder / f"{n}.mp4.sig", *more,
    ]  # fmt: skip
    return subprocess.run(command, input=(folder / f"{n}.mp4").read_bytes(), capture_output=True, check=False).returncode == 0


def test_ssh_keygen_follows_the_generated_signers_and_revocations(sealed_by):
    assert by_ssh_keygen(sealed_by, 0, "-O", "verify-time=20260601000000Z")
    assert not by_ssh_keygen(sealed_by, 1, "-O", "verify-time=20260601000000Z")
    assert by_ssh_keygen(sealed_by, 2, "-O", "verify-time=20250601000000Z")
    assert not by_ssh_keygen(sealed_by, 2, "-O", "verify-time=20260601000000Z")
    assert not by_ssh_keygen(sealed_by, 0, "-O", "verify-time=20240601000000Z")


def test_openssh_reads_our_revocation_list(sealed_by, tmp_path):
    for n, revoked in ((1, False), (2, True)):
        pub = tmp_path / f"{n}.pub"
        pub.write_text(sshsig.public_line(SoftSigner(bytes([n]) * 32).public, "x") + "\n")
        answer = subprocess.run(
            ["ssh-keygen", "-Q", "-f", sealed_by / "ssh" / "revoked.krl", pub], capture_output=True, text=True, check=False
        )
        assert ("REVOKED" in answer.stdout) is revoked


def test_a_revocation_list_of_nobody_is_one_too(tmp_path):
    (tmp_path / "k").write_bytes(krl([], 3, 1_700_000_000, "none"))
    (tmp_path / "p.pub").write_text(sshsig.public_line(KEY.public, "x") + "\n")
    answer = subprocess.run(["ssh-keygen", "-Q", "-f", tmp_path / "k", tmp_path / "p.pub"], capture_output=True, check=False)
    assert answer.returncode == 0
