"""The auditor reads a log: bytes first, then meaning, and everything that is wrong is said."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from making import KEY, ORIGIN, OTHER_KEY, TRUSTED, clip_id, filled, flip, leaves, log_at, said

from avrecord.errors import LogBroken
from avrecord.model.statement import Body, ClipSealed, ClipSetAside, KeyChanged, ServiceStarted
from avrecord.seal import sshsig, tiles
from avrecord.seal.codec import encode
from avrecord.seal.keys import Sealer
from avrecord.seal.log import SEPARATOR, Log
from avrecord.seal.note import Checkpoint, NoteKey, sign
from avrecord.seal.signer import SoftSigner
from avrecord.seal.verify import Leaf, Span, check_seal, read_log

CLIP_KEY = OTHER_KEY.public
SAID_AT = said(0).at
ALWAYS = Span()


def told(folder, *bodies: Body):
    log = log_at(folder)
    log.append(lambda first: [encode(said(first + n, body)) for n, body in enumerate(bodies)])
    return log


def sealed(name: str, stored: str | None = None, kind: type[ClipSealed] = ClipSealed, **more: str) -> ClipSealed:
    raw = base64.b64encode(name.encode()).decode()
    return kind(
        clip=clip_id(name).hex, size=1, docking="d", recorder="Z3A0017", path=name, path_raw=raw, mtime="0",
        media="video", stored=stored or f"2026-11-16/{name}", claimed_start=None, clock_offset_ms=None, clock_uncertainty_ms=None,
        user=None, sequence=None, important=False, read_back="direct", key_id="k", **more,
    )  # fmt: skip


def announced(public: bytes = CLIP_KEY, role: str = "clip") -> KeyChanged:
    return KeyChanged(role=role, key_id="k", public=sshsig.public_line(public, "station-01"), reason="created", endorsement=None)


def codes(folder) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.index) for finding in read_log(folder, TRUSTED).findings]


def test_an_honest_log_gives_no_finding(tmp_path):
    filled(tmp_path, 3, 300, 1)
    read = read_log(tmp_path, TRUSTED)
    assert (read.findings, read.size) == ([], 304)


def test_what_the_log_says_of_clips_is_collected_by_where_they_lie(tmp_path):
    aside = sealed("b.mp4", kind=ClipSetAside, reason="zero_bytes")
    told(tmp_path, announced(), sealed("a.mp4"), ServiceStarted(version="1"), aside)
    read = read_log(tmp_path, TRUSTED)
    assert read.taken == {"2026-11-16/a.mp4": Leaf(1, SAID_AT, sealed("a.mp4")), "2026-11-16/b.mp4": Leaf(3, SAID_AT, aside)}
    assert read.findings == []


def test_clip_keys_are_collected_with_the_leaf_from_which_they_sign(tmp_path):
    later = SoftSigner.generate()
    line = sshsig.public_line(later.public, "station-01")
    word = Sealer("station-01", OTHER_KEY).endorse(line)
    log_key = KeyChanged(role="log", key_id="k", public=TRUSTED.vkey, reason="created", endorsement=None)
    told(tmp_path, announced(), log_key, replace(announced(later.public), endorsement=word), announced())
    read = read_log(tmp_path, TRUSTED)
    assert read.clip_keys == {CLIP_KEY: Span(0, 2), later.public: Span(2)}
    assert (read.unendorsed, read.log_keys, read.findings) == ([], [(1, TRUSTED)], [])


@pytest.mark.parametrize("word", [None, "no signature", Sealer("station-01", KEY).endorse("another line")])
def test_a_clip_key_that_comes_without_the_old_keys_word_is_marked(tmp_path, word):
    later = SoftSigner.generate().public
    told(tmp_path, announced(), replace(announced(later), endorsement=word))
    assert read_log(tmp_path, TRUSTED).unendorsed == [(1, later)]


def test_an_endorsement_of_one_key_cannot_be_moved_to_another(tmp_path):
    word = Sealer("station-01", OTHER_KEY).endorse(sshsig.public_line(SoftSigner.generate().public, "station-01"))
    later = SoftSigner.generate().public
    told(tmp_path, announced(), replace(announced(later), endorsement=word))
    assert read_log(tmp_path, TRUSTED).unendorsed == [(1, later)]


def rotated(folder, *, published: bool = True) -> tuple[SoftSigner, NoteKey]:
    """A log whose key was changed: the leaf that says so under the old key, later ones under the new one."""
    new = SoftSigner.generate()
    key = NoteKey(ORIGIN, new.public)
    body = KeyChanged(role="log", key_id="k", public=key.vkey, reason="rotated", endorsement=None)
    first = KeyChanged(role="log", key_id="k", public=TRUSTED.vkey, reason="created", endorsement=None)
    old = told(folder, first, *([body] if published else []))
    Log(folder, new, ORIGIN, [TRUSTED]).append(lambda first: leaves(first, 2))
    assert old.size >= 1
    return new, key


def test_who_trusts_the_old_log_key_is_led_to_the_new_one_by_the_leaf_that_the_old_one_signed(tmp_path):
    rotated(tmp_path)
    read = read_log(tmp_path, TRUSTED)
    assert (read.findings, read.size) == ([], 4)


def test_who_trusts_the_new_log_key_reads_the_older_checkpoints_too(tmp_path):
    _, key = rotated(tmp_path)
    read = read_log(tmp_path, key)
    assert (read.findings, sorted(read.journal)) == ([], [2, 4])


def test_whoever_stole_the_old_log_key_cannot_go_on_after_its_successor(tmp_path):
    """The chain is read in both directions, but a key that was replaced signs nothing after the next one's first checkpoint."""
    _, key = rotated(tmp_path)
    Log(tmp_path, KEY, ORIGIN, [key]).append(lambda first: leaves(first, 1))
    for trusted in ([key], [TRUSTED], [key, TRUSTED]):
        read = read_log(tmp_path, trusted)
        assert "CHECKPOINT_INVALID" in {finding.code for finding in read.findings}
        assert read.size == 0


def test_a_revoked_log_key_is_not_let_in_again_by_a_chain(tmp_path):
    _, key = rotated(tmp_path)
    read = read_log(tmp_path, [TRUSTED], refused=[key])
    assert [finding.code for finding in read.findings] == ["REVOKED_KEY"]
    assert read.size == 4  # read, so that everything else can be said


def test_a_log_key_that_the_old_one_never_announced_is_not_believed(tmp_path):
    rotated(tmp_path, published=False)
    read = read_log(tmp_path, TRUSTED)
    assert {finding.code for finding in read.findings} == {"CHECKPOINT_INVALID"}
    assert (read.size, read.taken) == (0, {})


def test_a_thief_cannot_announce_a_log_key_in_a_tree_of_his_own(tmp_path):
    """Head and announcement both by the new key: nobody who is trusted ever signed that leaf."""
    thief = SoftSigner.generate()
    body = KeyChanged(role="log", key_id="k", public=NoteKey(ORIGIN, thief.public).vkey, reason="rotated", endorsement=None)
    Log(tmp_path, thief, ORIGIN).append(lambda first: [encode(said(0, body))])
    read = read_log(tmp_path, TRUSTED)
    assert {finding.code for finding in read.findings} == {"CHECKPOINT_INVALID"}
    assert read.size == 0


def test_a_place_that_was_sealed_twice_is_reported_and_the_first_stands(tmp_path):
    told(tmp_path, sealed("a.mp4"), sealed("b.mp4", "2026-11-16/a.mp4"))
    assert codes(tmp_path) == [("MALFORMED", 1)]
    assert read_log(tmp_path, TRUSTED).taken["2026-11-16/a.mp4"] == Leaf(0, SAID_AT, sealed("a.mp4"))


def test_an_entry_altered_into_another_valid_one_breaks_every_checkpoint_after_it(tmp_path):
    filled(tmp_path, 2, 2, 2)
    tiles.write_bundle(tmp_path, 0, [*leaves(0, 3), *leaves(3, 1, "forged"), *leaves(4, 2)])
    assert sorted(codes(tmp_path)) == [("CHECKPOINT_INVALID", 6), ("LOG_FORK", 4), ("LOG_FORK", 6), ("PROOF_INVALID", 0)]


def test_no_bit_of_the_stored_entries_can_be_flipped_unnoticed(tmp_path):
    filled(tmp_path, 3, 3)
    path = tiles.tile_path(tmp_path, "entries", 0, 6)
    unnoticed = []
    for bit in range(0, 8 * path.stat().st_size, 23):  # every position in a byte
        flip(path, bit // 8, 1 << bit % 8)
        if "CHECKPOINT_INVALID" not in {code for code, _ in codes(tmp_path)}:
            unnoticed.append(bit)
        flip(path, bit // 8, 1 << bit % 8)
    assert unnoticed == []
    assert codes(tmp_path) == []


def test_an_entry_that_does_not_parse_is_named_by_its_index_and_the_rest_is_read(tmp_path):
    log = log_at(tmp_path)
    log.append(lambda first: [encode(said(0, sealed("a.mp4"))), b"{}", encode(said(2, sealed("b.mp4")))])
    assert codes(tmp_path) == [("MALFORMED", 1)]
    assert [leaf.index for leaf in read_log(tmp_path, TRUSTED).taken.values()] == [0, 2]


def test_two_signed_checkpoints_for_one_size_are_a_fork(tmp_path):
    filled(tmp_path, 3)
    other = sign(Checkpoint(ORIGIN, 3, hashlib.sha256(b"other").digest()).text, KEY, ORIGIN)
    journal = tmp_path / "checkpoints.txt"
    journal.write_text(journal.read_text("utf-8") + other + SEPARATOR, "utf-8")
    assert codes(tmp_path) == [("LOG_FORK", 3)]


def test_an_earlier_checkpoint_that_is_no_prefix_is_a_fork(tmp_path):
    filled(tmp_path, 3)
    other = sign(Checkpoint(ORIGIN, 2, hashlib.sha256(b"other").digest()).text, KEY, ORIGIN)
    journal = tmp_path / "checkpoints.txt"
    journal.write_text(other + SEPARATOR + journal.read_text("utf-8"), "utf-8")
    assert codes(tmp_path) == [("LOG_FORK", 2)]


def test_a_power_cut_between_journal_and_head_accuses_nobody(tmp_path):
    """Entries and journal are there; only the copy that others fetch is a step behind."""
    log = filled(tmp_path, 3)
    old = log.checkpoint()
    log.append(lambda first: leaves(first, 2))
    (tmp_path / "checkpoint").write_text(old, "utf-8")
    read = read_log(tmp_path, TRUSTED)
    assert (read.findings, read.size) == ([], 5)


def test_a_log_shorter_than_its_journal_is_truncated(tmp_path):
    log = filled(tmp_path, 3)
    old = log.checkpoint()
    log.append(lambda first: leaves(first, 2))
    (tmp_path / "checkpoint").write_text(old, "utf-8")
    (tmp_path / "tile" / "entries" / "000.p" / "5").unlink()
    (finding,) = read_log(tmp_path, TRUSTED).findings
    assert (finding.code, finding.index, finding.found) == ("LOG_TRUNCATED", 5, "3")


def test_a_log_signed_by_another_key_than_the_auditors_is_not_believed(tmp_path):
    filled(tmp_path, 3)
    read = read_log(tmp_path, NoteKey(ORIGIN, CLIP_KEY))
    assert {finding.code for finding in read.findings} == {"CHECKPOINT_INVALID"}
    assert (read.size, read.taken) == (0, {})


def test_a_checkpoint_of_another_log_under_this_logs_key_is_not_believed(tmp_path):
    filled(tmp_path, 3)
    stranger = Checkpoint("avrecord.log/station-02", 3, hashlib.sha256(b"").digest())
    (tmp_path / "checkpoint").write_text(sign(stranger.text, KEY, ORIGIN), "utf-8")
    assert codes(tmp_path) == [("CHECKPOINT_INVALID", 0)]


@pytest.mark.parametrize("name", ["checkpoint", "checkpoints.txt", "tile/entries/000.p/3"])
def test_a_missing_part_of_the_log_is_a_finding(tmp_path, name):
    filled(tmp_path, 3)
    (tmp_path / name).unlink()
    assert codes(tmp_path) == [("CHECKPOINT_INVALID", 0)]


@pytest.mark.parametrize("name", ["checkpoint", "checkpoints.txt"])
def test_a_checkpoint_that_is_no_text_is_a_finding(tmp_path, name):
    filled(tmp_path, 3)
    flip(tmp_path / name, 5, 0x80)
    assert codes(tmp_path) == [("CHECKPOINT_INVALID", 0)]


def test_a_log_without_leaves_or_checkpoint_is_not_called_whole(tmp_path):
    assert {code for code, _ in codes(tmp_path)} == {"CHECKPOINT_INVALID"}


def test_reading_never_writes(tmp_path):
    filled(tmp_path, 3, 2)
    (tmp_path / "checkpoints.txt").write_bytes((tmp_path / "checkpoints.txt").read_bytes()[:-10])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    read_log(tmp_path, TRUSTED)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    with pytest.raises(LogBroken):
        log_at(tmp_path)


DIGEST = clip_id("a.mp4").digest


@pytest.mark.parametrize(
    ("seal", "known", "code"),
    [
        pytest.param(sshsig.sign(OTHER_KEY, DIGEST), {CLIP_KEY: ALWAYS}, None, id="a good seal"),
        pytest.param(sshsig.sign(OTHER_KEY, DIGEST), {CLIP_KEY: Span(5)}, None, id="a key announced in the same breath"),
        pytest.param("no seal", {CLIP_KEY: ALWAYS}, "BAD_SIGNATURE", id="no seal at all"),
        pytest.param(
            sshsig.sign(OTHER_KEY, clip_id("b.mp4").digest), {CLIP_KEY: ALWAYS}, "BAD_SIGNATURE", id="another clip's seal"
        ),
        pytest.param(sshsig.sign(KEY, DIGEST), {CLIP_KEY: ALWAYS}, "UNKNOWN_KEY", id="a key the log never announced"),
        pytest.param(
            sshsig.sign(OTHER_KEY, DIGEST, b"file"), {CLIP_KEY: ALWAYS}, "WRONG_KEY", id="a signature for another purpose"
        ),
        pytest.param(sshsig.sign(OTHER_KEY, DIGEST), {CLIP_KEY: Span(6)}, "WRONG_KEY", id="a key announced later"),
    ],
)
def test_each_way_in_which_a_seal_can_be_wrong_has_its_finding(seal, known, code):
    found = check_seal(seal, DIGEST, 5, known, "a.mp4")
    assert (found and found.code) == code
    assert found is None or (found.about, found.index) == ("a.mp4", 5)
