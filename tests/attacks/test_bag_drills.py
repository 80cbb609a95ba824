"""Drills about what is handed to an auditor: bags that lend one another witnesses, lists, options, and files that hurt."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from dataclasses import replace

import pytest

from attacks.scene import DAY, START, WORD, Scene, scene
from avrecord.ledger.bag import close_bag
from avrecord.model.case import Stage, StageId
from avrecord.model.statement import CaseImported
from avrecord.pipeline import authority, rotation
from avrecord.pipeline.bundle import SIGNATURE, make_bundle
from avrecord.pipeline.record import state
from avrecord.pipeline.review import link_by_hand
from avrecord.pipeline.standing import Demand
from avrecord.pipeline.unbundle import read_trust, verify_bundle
from avrecord.seal import keys
from avrecord.seal.codec import decode, encode
from avrecord.seal.log import Log
from avrecord.seal.proof import LogProof, hashes_of, inclusion
from avrecord.store import documents
from conftest import avrecord, pattern

CASE = StageId("盘综执罚〔2026〕44号", "现场检查")


def case_of(scene: Scene) -> None:
    start = scene.clock.now
    stage = Stage(CASE, "行政检查", "现场检查", "一中队", ("041007",), start, start + DAY / 24)
    rows = scene.kit.attachments.put(documents.stages([stage]))
    state(scene.kit, [CaseImported(source=scene.kit.attachments.put(b"book"), rows=rows, stages=1)])
    for clip in scene.kit.records.clips():
        link_by_hand(CASE, clip.id, "041001", scene.kit)


@pytest.fixture
def bag(scene, tmp_path):
    scene.take()
    case_of(scene)
    scene.clock.now += DAY
    scene.witness()
    return make_bundle(CASE.case, tmp_path / "bag", "041001", scene.kit).folder


def totals(bag, scene, **more) -> dict[str, int]:
    return verify_bundle(bag, read_trust(bag, None, replace(scene.demand(), **more), trust_bag=False)).totals


def resigned(bag, scene) -> None:
    """The bag closed and signed again with the (stolen) clip key."""
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt", SIGNATURE, "bag-info.txt", "bagit.txt"):
        (bag / name).unlink(missing_ok=True)
    content = close_bag(bag, {"External-Identifier": "x"})
    comment = f"avrecord bundle {CASE.case} {hashlib.sha256(content).hexdigest()}"
    (bag / SIGNATURE).write_text(scene.kit.sealer.minisign(content, comment), "utf-8")


def forged_leaf(bag, scene, tmp_path) -> str:
    """A clip of the thief's own, sealed with the stolen clip key in a one-leaf log under the stolen log key."""
    loaded = keys.load(scene.root / "keys", "station-01")
    content = pattern(777, 99)
    path = next((bag / "data" / "statements").glob("*.json"))
    entries = [decode(e, i) for i, e in scene.kit.log.entries()]
    said = next(s for s in entries if s.body.kind in ("clip.sealed", "clip.set_aside"))
    stored = "2026-11-01/Z3A0017/forged.mp4"
    raw = base64.b64encode(b"forged.mp4").decode()
    body = replace(said.body, clip=hashlib.sha256(content).hexdigest(), size=777, stored=stored, path="forged.mp4", path_raw=raw)
    entry = encode(replace(said, seq=0, body=body))
    log = Log(tmp_path / "thief", loaded.log, loaded.origin)
    log.append(lambda first: [entry])
    target = bag / "data" / "clips" / stored
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.with_name("forged.mp4.sig").write_text(loaded.sealer.seal(hashlib.sha256(content).digest()))
    (path.parent / "99999999.json").write_bytes(entry)
    proof = LogProof(0, tuple(inclusion(0, 1, hashes_of(log.folder, 1))), log.checkpoint())
    (bag / "proofs" / "99999999.tlog-proof").write_text(proof.text, "utf-8")
    return stored


def test_one_genuine_proof_lends_its_witness_to_no_forged_leaf_beside_it(bag, scene, tmp_path):
    forged_leaf(bag, scene, tmp_path)
    resigned(bag, scene)
    stolen = scene.clock.now + DAY
    for key_id in (scene.kit.sealer.key_id, scene.kit.log_key.vkey.split("+")[1]):
        authority.revoke(scene.authority, key_id, stolen, None, "被盗", scene.clock.now, 400, lambda: WORD)
    assert totals(bag, scene) == {"OK": 1, "REVOKED_KEY": 1}


def test_a_bag_whose_checkpoints_only_a_revoked_log_key_signed_says_so(scene, tmp_path):
    scene.take()
    case_of(scene)
    bag = make_bundle(CASE.case, tmp_path / "unseen", "041001", scene.kit).folder
    vkey = scene.kit.log_key.vkey.split("+")[1]
    authority.revoke(scene.authority, vkey, START + DAY, None, "被盗", scene.clock.now, 400, lambda: WORD)
    assert totals(bag, scene)["REVOKED_KEY"] == 1


def test_an_expired_list_is_told_of_a_bag_too(bag, scene):
    scene.clock.now += 500 * DAY
    assert totals(bag, scene) == {"OK": 1, "STALE": 1}


def test_options_that_do_not_apply_to_a_bag_are_refused(bag):
    for words in (["--max-age", "5"], ["--checkpoint", bag / "bagit.txt"]):
        assert avrecord("verify", bag, "--trust-bundle", *words).returncode == 2


def test_a_witness_that_changed_its_key_covers_what_it_saw_with_the_old_one(scene):
    scene.take()
    scene.witness()
    rotation.rotate(scene.bureau, "witness", "041001", lambda: None)
    scene.bureau.store.close()
    from avrecord import station

    scene.bureau = station.open_station(scene.bureau.root, clock=scene.clock)
    scene.list_keys()
    assert scene.totals() == {"OK": 1}


def test_a_list_made_after_the_witness_saw_the_clips_accuses_nobody(scene, tmp_path):
    """The usual beginning: the station works and is witnessed; the root comes later."""
    scene.take()
    scene.witness()
    scene.clock.now += 30 * DAY
    authority.init(tmp_path / "late", WORD, scene.clock.now, 400)
    scene.authority = tmp_path / "late"
    shutil.copy(scene.authority / "root.pub", scene.desk)
    scene.list_keys()
    assert scene.totals() == {"OK": 1}


def test_how_old_a_witness_may_be_is_not_met_by_none_at_all(scene):
    scene.take()
    assert scene.totals(Demand(now=scene.clock.now, max_age=30 * DAY))["STALE"] == 1


def test_another_list_of_the_same_version_is_neither_installed_nor_believed(scene, tmp_path):
    shutil.copytree(scene.authority, tmp_path / "twin")
    rotation.install(scene.kit, scene.authority / "keylist.json", scene.desk / "root.pub", "041001")
    for folder in (scene.authority, tmp_path / "twin"):
        authority.renew(folder, scene.clock.now, 400 if folder == scene.authority else 500, lambda: WORD)
    rotation.install(scene.kit, scene.authority / "keylist.json", None, "041001")
    with pytest.raises(Exception, match="内容不同"):
        rotation.install(scene.kit, tmp_path / "twin" / "keylist.json", None, "041001")
    scene.authority = tmp_path / "twin"
    assert scene.totals()["KEYLIST_ROLLBACK"] == 1


@pytest.mark.parametrize("at", [SIGNATURE, "data/statements", "proofs"])
def test_a_pipe_in_a_bag_keeps_no_auditor_waiting(bag, scene, at):
    path = bag / at
    if path.is_dir():
        path = max(path.iterdir())
    path.unlink()
    os.mkfifo(path)
    assert set(totals(bag, scene)) & {"UNSIGNED", "PROOF_INVALID", "UNREADABLE", "MALFORMED", "MISSING"}


def test_a_name_with_a_nul_in_a_manifest_is_a_finding(bag, scene):
    path = bag / "manifest-sha256.txt"
    path.write_bytes(path.read_bytes() + b"0" * 64 + b"  data/a\0b\n")
    assert totals(bag, scene)["UNREADABLE"] >= 1


@pytest.mark.parametrize("text", ["[" * 5000, '{"version": 1e999, "sha256": "", "root": ""}', '{"version": 1}'])
def test_a_crafted_memory_of_versions_is_said_to_be_damaged(scene, text):
    (scene.desk / "root.pub.seen").write_text(text)
    said = avrecord("verify", "--all", "--key-list", scene.authority / "keylist.json", "--root-key", scene.desk / "root.pub",
                    root=scene.root)  # fmt: skip
    assert (said.returncode, "Traceback" in said.stderr) == (31, False)


def test_a_typed_checkpoint_of_five_thousand_digits_is_refused_in_words(scene, tmp_path):
    (tmp_path / "typed").write_text(f"avrecord.log/station-01 {'9' * 5000} {'ab' * 32}\n")
    said = avrecord("verify", "--all", "--checkpoint", tmp_path / "typed", root=scene.root)
    assert (said.returncode, "Traceback" in said.stderr) == (32, False)


def test_a_reason_full_of_brackets_does_not_end_verification_for_ever(scene):
    scene.take()
    case_of(scene)
    why = scene.kit.attachments.put(b"[" * 60_000)
    from avrecord.model.statement import MarkReviewed

    state(scene.kit, [MarkReviewed(case=CASE.case, stage=CASE.name, item="id_shown", decision="seen", why=why)], "041001")
    assert scene.totals(Demand()) == {"OK_UNWITNESSED": 1, "NO_EXTERNAL_REFERENCE": 1}
