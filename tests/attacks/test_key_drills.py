"""Drills about keys: stolen, revoked, replaced, rotated, rolled back. As root, with everything the station holds."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attacks.scene import DAY, START, WORD, Scene, scene
from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.errors import BadInput, KeyProblem
from avrecord.model.case import Stage, StageId
from avrecord.model.statement import CaseImported, ServiceStarted, Taken
from avrecord.pipeline import authority, rotation, witnessing
from avrecord.pipeline.bundle import make_bundle
from avrecord.pipeline.keylists import read_for_audit
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.review import link_by_hand
from avrecord.pipeline.standing import Demand
from avrecord.pipeline.unbundle import read_trust, verify_bundle
from avrecord.pipeline.verify import verify
from avrecord.seal import keyfile, keys
from avrecord.seal.codec import decode, encode
from avrecord.seal.log import Log
from avrecord.seal.note import COSIGNATURE, NoteKey
from avrecord.seal.signer import SoftSigner
from avrecord.seal.sshsig import sign
from avrecord.store import documents
from conftest import avrecord, pattern


def test_with_the_roots_list_and_a_listed_witness_everything_covered_is_ok(scene):
    scene.take()
    scene.clock.now += DAY
    scene.witness()
    scene.take()
    result = verify(scene.kit, demand=scene.demand())
    assert (result.totals, result.key_approved, result.exit_code) == ({"OK": 1, "OK_UNWITNESSED": 1}, True, 0)
    first = next(finding for finding in result.findings if finding.code == "OK")
    assert (first.not_before, first.not_after) == (None, "2026-11-02T02:00:00.000000Z")
    second = next(finding for finding in result.findings if finding.code == "OK_UNWITNESSED")
    assert (second.not_before, second.not_after) == ("2026-11-02T02:00:00.000000Z", None)


def test_a_revoked_key_counts_for_what_a_witness_saw_before_the_theft_and_for_nothing_else(scene):
    scene.take()
    scene.clock.now += DAY
    scene.witness()
    stolen = scene.clock.now + DAY
    scene.clock.now += 2 * DAY
    scene.take()
    scene.witness()
    authority.revoke(scene.authority, scene.kit.sealer.key_id, stolen, None, "介质被盗", scene.clock.now, 400, lambda: WORD)
    assert scene.totals() == {"OK": 1, "REVOKED_KEY": 1}


def test_a_thief_with_a_revoked_key_cannot_date_a_clip_back(scene):
    """The stolen keys make a perfect log with an old date; the witness never saw it before the theft."""
    scene.take()
    scene.clock.now += DAY
    scene.witness()
    stolen = scene.clock.now + DAY
    authority.revoke(scene.authority, scene.kit.sealer.key_id, stolen, None, "被盗", scene.clock.now, 400, lambda: WORD)
    scene.clock.now += 5 * DAY
    scene.clock.now, today = START + timedelta(hours=30), scene.clock.now  # the clock is set back to before the theft
    scene.take()
    scene.clock.now = today
    assert scene.totals() == {"OK": 1, "REVOKED_KEY": 1}


def test_without_the_roots_list_a_thief_with_an_old_date_is_not_seen(scene):
    """What the list is for: the same attack, and only the station's own word."""
    scene.take()
    scene.clock.now += 5 * DAY
    assert verify(scene.kit).totals == {"OK_UNWITNESSED": 1, "NO_EXTERNAL_REFERENCE": 1}


def test_a_position_that_the_root_knows_ends_a_key_too(scene):
    scene.take()
    index = max(leaf.seq for leaf in (decode(e, i) for i, e in scene.kit.log.entries()) if isinstance(leaf.body, Taken))
    scene.take()
    scene.clock.now += DAY
    scene.witness()
    late = scene.clock.now + DAY
    authority.revoke(scene.authority, scene.kit.sealer.key_id, late, index + 1, "误发", scene.clock.now, 400, lambda: WORD)
    assert scene.totals() == {"OK": 1, "REVOKED_KEY": 1}


def test_a_key_past_its_day_is_expired_by_the_witness_and_not_by_the_claim(scene):
    scene.take()
    scene.clock.now += DAY
    scene.witness()
    rotation.rotate(scene.kit, "clip", "041001", lambda: None)
    scene.reopen()
    scene.list_keys()
    scene.take()
    assert scene.totals() == {"OK": 1, "OK_UNWITNESSED": 1}


def test_the_old_key_used_after_a_rotation_has_expired(scene):
    old = scene.kit.sealer.key
    rotation.rotate(scene.kit, "clip", "041001", lambda: None)
    scene.reopen()
    scene.take()
    (clip,) = scene.kit.records.clips()
    seal = scene.kit.vault.path(clip.stored + ".sig")
    seal.chmod(0o600)
    seal.write_text(sign(old, clip.id.digest), "ascii")
    assert scene.totals(Demand()) == {"EXPIRED_KEY": 1, "NO_EXTERNAL_REFERENCE": 1}


def test_a_service_that_still_holds_the_old_key_seals_nothing_with_it(scene):
    still = station.open_station(scene.root, clock=scene.clock)
    rotation.rotate(scene.kit, "clip", "041001", lambda: None)
    card = scene.dcam({"VIDEO/100000.mp4": pattern(4000)}, name="late")
    with pytest.raises(KeyProblem, match="刚刚更换"):
        receive(volume_at(card), still)
    still.store.close()


@pytest.mark.parametrize("role", keys.ROLES)
@pytest.mark.parametrize("step", ["announced", "published"])
def test_a_crash_within_a_rotation_is_healed_at_the_next_start(scene, monkeypatch, role, step):
    class Crash(Exception):
        pass

    def crash(*_: object) -> None:
        raise Crash

    scene.take()
    with monkeypatch.context() as patch:
        if step == "announced":
            patch.setattr(rotation, "finish_rotation", crash)
        else:
            patch.setattr(keys, "publish", lambda *words: (_published(*words), crash()))
        with pytest.raises(Crash):
            rotation.rotate(scene.kit, role, "041001", lambda: None)
    scene.reopen()
    assert not list((scene.root / "keys").glob("*.next.*"))
    scene.take()
    assert scene.totals(Demand()) == {"OK_UNWITNESSED": 2, "NO_EXTERNAL_REFERENCE": 1}


_published = keys.publish


def test_after_a_log_key_rotation_old_and_new_trust_both_read_the_log(scene):
    scene.take()
    before = scene.demand()
    rotation.rotate(scene.kit, "log", "041001", lambda: None)
    scene.reopen()
    scene.take()
    assert {"OK_UNWITNESSED", "UNKNOWN_KEY"} >= set(scene.totals(before)) - {"NO_EXTERNAL_REFERENCE"}
    scene.list_keys()
    assert scene.totals() == {"OK_UNWITNESSED": 2, "NO_EXTERNAL_REFERENCE": 1}


def test_a_station_key_replaced_without_the_old_ones_word_is_unknown_to_the_list(scene):
    scene.take()
    keyfile.write(scene.root / "keys" / "clip.key", "clip", SoftSigner.generate())
    scene.reopen()
    public = keys.public_text("clip", "station-01", scene.kit.sealer.public)
    state(scene.kit, [rotation.announcement("clip", scene.kit.sealer.key_id, public)])
    scene.take()
    assert scene.totals() == {"OK_UNWITNESSED": 1, "UNKNOWN_KEY": 2, "NO_EXTERNAL_REFERENCE": 1}
    assert scene.totals(Demand())["UNKNOWN_KEY"] == 1  # even alone: nobody endorsed it


def test_a_log_signed_by_a_key_that_the_root_revoked_is_named(scene):
    scene.take()
    vkey = scene.kit.log_key.vkey
    authority.revoke(scene.authority, vkey.split("+")[1], START, None, "被盗", scene.clock.now, 400, lambda: WORD)
    result = verify(scene.kit, demand=scene.demand())
    assert result.totals["REVOKED_KEY"] == 1
    assert result.exit_code in (11, 13)
    assert "OK" not in result.totals


def test_the_log_itself_remembers_a_newer_list_than_the_one_presented(scene):
    old = scene.demand()
    authority.renew(scene.authority, scene.clock.now, 400, lambda: WORD)
    rotation.install(scene.kit, scene.authority / "keylist.json", scene.desk / "root.pub", "041001")
    scene.take()
    assert scene.totals(old)["KEYLIST_ROLLBACK"] == 1
    assert "KEYLIST_ROLLBACK" not in scene.totals()


def test_a_station_does_not_go_back_to_an_older_list_nor_follow_another_root(scene, tmp_path):
    shutil.copytree(scene.authority, tmp_path / "old")
    authority.renew(scene.authority, scene.clock.now, 400, lambda: WORD)
    rotation.install(scene.kit, scene.authority / "keylist.json", scene.desk / "root.pub", "041001")
    with pytest.raises(KeyProblem, match="旧"):
        rotation.install(scene.kit, tmp_path / "old" / "keylist.json", None, "041001")
    authority.init(tmp_path / "stranger", WORD, scene.clock.now, 400)
    with pytest.raises(KeyProblem, match="不是可信的根密钥"):
        rotation.install(scene.kit, tmp_path / "stranger" / "keylist.json", tmp_path / "stranger" / "root.pub", "041001")


def test_an_expired_list_and_an_old_witness_are_stale(scene):
    scene.take()
    scene.witness()
    scene.clock.now += 500 * DAY
    demand = replace(scene.demand(), max_age=30 * DAY)
    result = verify(scene.kit, demand=demand)
    assert (result.totals, result.exit_code) == ({"OK": 1, "STALE": 2}, 15)


def test_a_claim_that_the_witness_contradicts_is_inconsistent(scene):
    scene.take()
    scene.clock.now += 3 * DAY
    scene.witness()
    scene.clock.now -= 2 * DAY  # the station's clock is set back; the step is stated, the anchor says otherwise
    scene.take()
    assert scene.totals() == {"OK": 1, "TIME_INCONSISTENT": 1}


def test_an_honest_step_of_the_clock_is_stated_and_alone_contradicts_nothing(scene):
    scene.clock.now += 5 * DAY
    scene.take()
    scene.clock.now -= 20 * DAY  # before the key was made: a dead battery, and no objection to the key
    scene.take()
    said = [decode(entry, index).body for index, entry in scene.kit.log.entries()]
    steps = [body.by_ms for body in said if body.kind == "clock.stepped"]
    assert steps == [-20 * 86_400_000]
    assert scene.totals() == {"OK_UNWITNESSED": 2, "NO_EXTERNAL_REFERENCE": 1}


def test_leaves_whose_times_run_backwards_without_a_stated_step_are_inconsistent(scene):
    scene.take()
    loaded = keys.load(scene.root / "keys", "station-01")
    said = decode(list(scene.kit.log.entries())[-1][1], scene.kit.log.size - 1)
    # Appended to directly, as an operator with the key can.
    forged = replace(said, at="2020-01-01T00:00:00.000000Z", body=ServiceStarted(version="x"))
    Log(scene.kit.log.folder, loaded.log, loaded.origin).append(lambda first: [encode(replace(forged, seq=first))])
    scene.reopen()
    assert scene.totals(Demand())["TIME_INCONSISTENT"] == 1


def test_a_bundle_is_judged_by_the_roots_list_and_its_revocations(scene, tmp_path):
    scene.take()
    scene.clock.now += DAY
    scene.witness()
    start = scene.clock.now
    stage = Stage(
        StageId("盘综执罚〔2026〕44号", "现场检查"), "行政检查", "现场检查", "一中队", ("041007",), start, start + DAY / 24
    )
    rows = scene.kit.attachments.put(documents.stages([stage]))
    state(scene.kit, [CaseImported(source=scene.kit.attachments.put(b"book"), rows=rows, stages=1)])
    (clip,) = scene.kit.records.clips()
    link_by_hand(stage.id, clip.id, "041001", scene.kit)
    bag = make_bundle(stage.id.case, tmp_path / "bag", "041001", scene.kit).folder
    good = verify_bundle(bag, read_trust(bag, None, scene.demand(), trust_bag=False))
    assert (good.totals, good.key_approved) == ({"OK": 1}, True)
    stolen = START - DAY
    authority.revoke(scene.authority, scene.kit.sealer.key_id, stolen, None, "被盗", scene.clock.now, 400, lambda: WORD)
    revoked = verify_bundle(bag, read_trust(bag, None, scene.demand(), trust_bag=False))
    assert (revoked.totals, revoked.exit_code) == ({"REVOKED_KEY": 1}, 11)


def test_a_bundle_of_a_station_that_the_root_never_listed_is_not_believed(scene, tmp_path):
    authority.init(tmp_path / "other", WORD, scene.clock.now, 400)
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "tagmanifest-sha256.txt").write_text("")
    found, _, _ = read_for_audit(tmp_path / "other" / "keylist.json", tmp_path / "other" / "root.pub")
    trust = read_trust(tmp_path / "bag", None, Demand(keys=found), trust_bag=False)
    assert (trust.clip_keys, trust.logs, trust.from_bag) == ((), (), False)


def test_a_key_list_is_needed_whole(scene):
    with pytest.raises(BadInput):
        read_trust(scene.root, None, Demand(), trust_bag=False)


def test_a_station_whose_number_was_changed_is_told_so_and_not_called_broken(scene):
    settings = scene.root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace('id = "station-01"', 'id = "station-02"'), "utf-8")
    for words in (["status"], ["verify", "--all"]):
        said = avrecord(*words, root=scene.root)
        assert (said.returncode, "建站后不能更改编号" in said.stderr) == (30, True)


def test_a_stale_public_half_does_not_put_an_unannounced_key_in_force(scene, monkeypatch):
    """Two power cuts over two rotations once lost the private key that was in force."""
    folder = scene.root / "keys"
    rotation.rotate(scene.kit, "log", "041001", lambda: None)
    (folder / "log.next.pub").write_text((folder / "log.vkey").read_text())  # the first cut left it
    scene.reopen()

    whole = rotation.durable.replace_with

    def crash(path, content, **more) -> None:
        if path.name.endswith(".next.pub"):
            raise KeyboardInterrupt
        whole(path, content, **more)

    with monkeypatch.context() as patch:
        patch.setattr(rotation.durable, "replace_with", crash)  # the second: the next key is durable, its public half is not
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(scene.kit, "log", "041001", lambda: None)
    before = (folder / "log.key").read_bytes()
    scene.reopen()
    assert (folder / "log.key").read_bytes() == before
    scene.take()
    assert scene.totals(Demand()) == {"OK_UNWITNESSED": 1, "NO_EXTERNAL_REFERENCE": 1}
