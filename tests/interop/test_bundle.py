"""The bag of a case on an auditor's desk: stock tools accept it, one changed byte anywhere is told."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import bagit
import pytest

from avrecord import station
from avrecord.cli.main import run
from avrecord.dock.volumes import volume_at
from avrecord.errors import BadInput, CannotWrite, UnknownName
from avrecord.pipeline import rotation, witnessing
from avrecord.pipeline.bundle import make_bundle
from avrecord.pipeline.receive import receive
from avrecord.pipeline.review import link_by_hand
from avrecord.pipeline.standing import NO_DEMAND, Demand
from avrecord.pipeline.unbundle import read_trust, verify_bundle
from avrecord.seal import note
from avrecord.seal.note import NoteKey
from avrecord.seal.policy import read_policy
from conftest import NOW, avrecord, pattern
from ledger.ledger_files import book

CASE = "综执罚字〔2026〕44号"
STRIDE = 1 if os.environ.get("AVRECORD_FULL") else 7


@pytest.fixture
def linked(kit, dcam, dock, tmp_path):
    """A station with a case of two clips, one of them with a name that hurts."""
    card = dcam({"VIDEO/110000.mp4": pattern(900)})
    (card / "VIDEO" / "证据 100%'$(x) &.mp4").write_bytes(pattern(700, 2))
    dock(card)
    head = ("案号", "执法类别", "执法环节", "执法证号", "开始时间", "结束时间")
    row = (CASE, "行政处罚", "现场检查", "FY041007", "2026-11-16 11:00:00", "2026-11-16 11:10:00")
    cases = book(tmp_path / "c.xlsx", 案件=[head, row])
    assert run(["--root", str(kit.root), "-q", "cases", "import", str(cases), "--apply"]) in (0, None)
    (stage,) = kit.records.stages()
    for clip in kit.records.clips():
        link_by_hand(stage.id, clip.id, "FY041001", kit)
    return kit


@pytest.fixture
def bag(linked, tmp_path) -> Path:
    return make_bundle(CASE, tmp_path / "bag", "FY041001", linked).folder


@pytest.fixture
def trust(linked, bag, tmp_path):
    """What the auditor holds, from somewhere else."""
    (tmp_path / "policy").write_text(f"log {linked.log_key.vkey}\nquorum none\n", "utf-8")
    signers = shutil.copy(linked.root / "keys" / "allowed_signers", tmp_path / "signers")
    return read_trust(bag, Path(signers), Demand(policy=read_policy(tmp_path / "policy")), trust_bag=False)


def script(bag: Path, linked) -> subprocess.CompletedProcess[str]:
    keys = linked.root / "keys"
    command = ["bash", bag / "verify.sh", keys / "allowed_signers", keys / "log.vkey"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_bag_verifies_without_any_station_and_by_a_shell_script(bag, trust, linked):
    result = verify_bundle(bag, trust)
    assert result.totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 2}
    assert (result.exit_code, result.key_approved) == (0, True)
    done = script(bag, linked)
    assert (done.returncode, done.stdout.strip()) == (0, "OK"), done.stdout + done.stderr


@pytest.fixture
def renewed(linked, dcam, tmp_path):
    """The same station after both its keys were changed, with a clip sealed by the new one linked to the case."""
    root = linked.root
    linked.store.close()
    for role in ("clip", "log"):
        kit = station.open_station(root, clock=lambda: NOW)
        rotation.rotate(kit, role, "FY041001", lambda: None)
        kit.store.close()
    kit = station.open_station(root, clock=lambda: NOW)
    receive(volume_at(dcam({"VIDEO/110500.mp4": pattern(800, 9)}, name="later")), kit)
    (stage,) = kit.records.stages()
    (clip,) = [clip for clip in kit.records.clips() if "110500" in clip.name]
    link_by_hand(stage.id, clip.id, "FY041001", kit)
    yield kit
    kit.store.close()


def test_a_bag_of_clips_sealed_before_and_after_the_keys_were_changed_verifies_by_both(renewed, tmp_path):
    bag = make_bundle(CASE, tmp_path / "renewed", "FY041001", renewed).folder
    policy = tmp_path / "both.policy"
    policy.write_text("".join(f"log {key.vkey}\n" for key in renewed.log_keys) + "quorum none\n", "utf-8")
    signers = renewed.root / "keys" / "allowed_signers"
    result = verify_bundle(bag, read_trust(bag, signers, Demand(policy=read_policy(policy)), trust_bag=False))
    assert result.totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 3}
    done = subprocess.run(["bash", bag / "verify.sh"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "OK"), done.stdout + done.stderr


def test_the_script_checks_each_seal_at_the_time_its_statement_claims(renewed, tmp_path):
    """A signers file made from a key list ends the old key: judged by today's date, its older seals would fail."""
    bag = make_bundle(CASE, tmp_path / "dated", "FY041001", renewed).folder
    old, new = (renewed.root / "keys" / "allowed_signers").read_text().splitlines()
    ended = old.replace('clip@avrecord"', 'clip@avrecord",valid-before="20261121030000Z"')
    begun = new.replace('clip@avrecord"', 'clip@avrecord",valid-after="20260101000000Z"')
    (tmp_path / "dated.signers").write_text(f"{ended}\n{begun}\n")
    script = ["bash", bag / "verify.sh", tmp_path / "dated.signers", bag / "trust" / "log.vkey"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "OK"), done.stdout + done.stderr
    (tmp_path / "dated.signers").write_text(f"{ended.replace('20261121030000Z', '20261120000000Z')}\n{begun}\n")
    assert subprocess.run(script, capture_output=True, check=False).returncode == 1


def test_stock_tools_accept_what_is_in_the_bag(bag, linked):
    def fine(*command: object) -> bool:
        return subprocess.run(list(map(str, command)), cwd=bag, capture_output=True, check=False).returncode == 0

    assert fine("sha256sum", "--quiet", "--strict", "-c", "manifest-sha256.txt")
    assert fine("sha256sum", "--quiet", "--strict", "-c", "tagmanifest-sha256.txt")
    assert bagit.Bag(str(bag)).validate()
    assert fine("minisign", "-Vq", "-p", "trust/bag.pub", "-m", "tagmanifest-sha256.txt")
    clip = next((bag / "data" / "clips").rglob("*.mp4"))
    with clip.open("rb") as video:
        command = ["ssh-keygen", "-Y", "verify", "-f", bag / "trust" / "allowed_signers", "-I", "station-01"]
        command += ["-n", "clip@avrecord", "-s", f"{clip}.sig"]
        assert subprocess.run(command, stdin=video, capture_output=True, check=False).returncode == 0


def small_files(bag: Path) -> list[Path]:
    return [path for path in sorted(bag.rglob("*")) if path.is_file() and path.name not in ("VERIFY.txt", "verify.sh")]


@pytest.mark.timeout(900)
def test_no_byte_of_any_small_file_of_a_bag_can_be_changed(bag, trust):
    unnoticed = []
    for path in small_files(bag):
        content = path.read_bytes()
        for at in range(0, len(content), STRIDE):
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            if verify_bundle(bag, trust).exit_code == 0:
                unnoticed.append((path.name, at))
        path.write_bytes(content)
    assert unnoticed == []
    assert verify_bundle(bag, trust).exit_code == 0


@pytest.mark.parametrize("hurt", ["add", "remove", "link", "seal", "swap", "nested"])
def test_what_is_added_removed_or_swapped_is_told_by_both_verifiers(bag, trust, linked, hurt):
    one, two = sorted((bag / "data" / "clips").rglob("*.mp4"))
    if hurt == "add":
        (bag / "data" / "extra.txt").write_text("x")
    elif hurt == "remove":
        one.unlink()
    elif hurt == "link":
        shutil.move(one, bag.parent / "elsewhere.mp4")
        one.symlink_to(bag.parent / "elsewhere.mp4")
    elif hurt == "seal":
        one.with_name(f"{one.name}.sig").unlink()
    elif hurt == "swap":
        first = one.read_bytes()
        one.write_bytes(two.read_bytes())
        two.write_bytes(first)
    else:
        (bag / "proofs" / "more").mkdir()
        (bag / "proofs" / "more" / "x").write_text("x")
    assert verify_bundle(bag, trust).exit_code in (11, 12, 15)
    assert script(bag, linked).returncode == 1


def test_a_payload_file_in_the_tag_manifest_alone_is_told_though_the_station_signed_it(bag, trust, linked):
    """RFC 8493 wants every payload file in the payload manifest; the Library's program does not look which list it is."""
    manifest, tag_manifest = bag / "manifest-sha256.txt", bag / "tagmanifest-sha256.txt"
    moved, *rest = manifest.read_text("utf-8").splitlines(keepends=True)
    manifest.write_text("".join(rest), "utf-8")
    tags = [line for line in tag_manifest.read_text("utf-8").splitlines(keepends=True) if "  manifest-" not in line]
    tags += [moved, f"{hashlib.sha256(manifest.read_bytes()).hexdigest()}  manifest-sha256.txt\n"]
    tag_manifest.write_text("".join(tags), "utf-8")
    (bag / "tagmanifest-sha256.txt.minisig").write_text(linked.sealer.minisign(tag_manifest.read_bytes(), "moved"), "utf-8")
    assert [(each.code, each.about) for each in verify_bundle(bag, trust).findings if each.code == "MALFORMED"] == [
        ("MALFORMED", moved.split("  ", 1)[1].strip())
    ]


def test_a_bag_made_anew_with_other_keys_agrees_with_itself_and_with_nobody_else(bag, trust, tmp_path, dcam):
    stranger = tmp_path / "stranger"
    station.create(stranger, "station-01", "冒名站")
    shutil.copytree(stranger / "keys", tmp_path / "their-keys")
    kit = station.open_station(stranger, clock=lambda: NOW)
    receive(volume_at(dcam({"VIDEO/110000.mp4": pattern(900)}, name="theirs")), kit)
    shutil.copy(tmp_path / "c.xlsx", tmp_path / "c2.xlsx")
    run(["--root", str(stranger), "-q", "cases", "import", str(tmp_path / "c2.xlsx"), "--apply"])
    (stage,) = kit.records.stages()
    link_by_hand(stage.id, kit.records.clips()[0].id, "FY041001", kit)
    forged = make_bundle(CASE, tmp_path / "forged", "FY041001", kit).folder
    kit.store.close()
    itself = verify_bundle(forged, read_trust(forged, None, NO_DEMAND, trust_bag=True))
    assert (itself.exit_code, itself.key_approved) == (0, False)
    against = verify_bundle(forged, trust)
    assert against.exit_code == 11
    assert "OK_UNWITNESSED" not in against.totals


def test_keys_in_the_bag_are_never_trusted_unasked(bag):
    with pytest.raises(BadInput):
        read_trust(bag, None, NO_DEMAND, trust_bag=False)
    said = avrecord("verify", bag)
    assert said.returncode == 32
    said = avrecord("verify", bag, "--trust-bundle")
    assert said.returncode == 0
    assert "造包的人也能造钥匙" in said.stdout


def test_a_witnessed_bag_is_ok_under_a_policy_that_asks_for_the_witness(linked, tmp_path):
    station.create(tmp_path / "second", "station-02", "见证站")
    other = station.open_station(tmp_path / "second", clock=lambda: NOW)
    witnessing.trust(other, linked.log_key.vkey)
    key = NoteKey(other.witness_name, other.witness_key.public, note.COSIGNATURE)
    witnessing.accept(linked, witnessing.answer(other, witnessing.request(linked)).body, key, "service")
    other.store.close()
    bag = make_bundle(CASE, tmp_path / "bag", "FY041001", linked).folder
    policy = tmp_path / "policy"
    policy.write_text(f"log {linked.log_key.vkey}\nwitness w {key.vkey}\nquorum w\n", "utf-8")
    trust = read_trust(bag, linked.root / "keys" / "allowed_signers", Demand(policy=read_policy(policy)), trust_bag=False)
    assert verify_bundle(bag, trust).totals == {"OK": 2}
    assert script(bag, linked).stdout.strip() == "OK"


def test_an_unknown_case_or_a_folder_that_is_there_makes_no_bag(linked, bag, tmp_path):
    with pytest.raises(UnknownName):
        make_bundle("综执罚字〔2026〕99号", tmp_path / "other", "FY041001", linked)
    with pytest.raises(CannotWrite):
        make_bundle(CASE, bag, "FY041001", linked)
    assert not (tmp_path / "other").exists()
