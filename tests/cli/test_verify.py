"""The auditor's question, and exactly one finding for each thing that was done to the vault or the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from avrecord.model.statement import ScrubDone
from avrecord.pipeline import resuming
from avrecord.pipeline import verify as verifying
from avrecord.seal.codec import decode
from avrecord.words import KEY_NOT_APPROVED, LIMITS_OF_A_SEAL, NO_EXTERNAL_REFERENCE
from cli.desk import Desk, clip_id
from conftest import avrecord, pattern

FINE = {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 3}


@pytest.fixture
def desk(kit, dcam, dock, monkeypatch, capsys) -> Desk:
    """A station with three sealed clips."""
    dock(dcam({"VIDEO/090000.mp4": pattern(70_000), "VIDEO/091000.mp4": pattern(70_000, 2), "LOG/x.log": b"BAT=55%\r\n"}))
    return Desk(kit.root, monkeypatch, capsys)


def stored(desk, ending) -> Path:
    (path,) = (path for path in (desk.root / "vault").rglob("*") if path.name.endswith(ending))
    return path


def flip(path, at, bit=0):
    """Turn one bit over. Overwriting with a fixed byte would do nothing one time in 256."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.chmod(0o640)
    path.write_bytes(content)


def verified(desk, *words):
    """Exit code, totals, and the findings that are not good, as code and file name."""
    said = desk("verify", *(words or ("--all",)), "--json")
    bad = [(f["code"], Path(f["about"]).name) for f in said.json["rows"] if not f["code"].startswith(("OK", "NO_EX"))]
    assert said.json["exit_code"] == said.code
    return said.code, said.json["totals"], bad


def test_an_untouched_station_is_code_0_and_every_clip_was_read(desk):
    said = desk("verify", "--all", "--json")
    assert (said.code, said.json["totals"]) == (0, FINE)
    assert (said.json["checked"], said.json["read"], said.json["bytes_read"]) == (3, 3, 140_009)


@pytest.mark.parametrize(("at", "bit"), [(0, 0), (35_000, 7), (69_999, 3)])
def test_one_flipped_bit_is_code_11_and_exactly_that_clip_is_altered(desk, at, bit):
    clip = stored(desk, "090000.mp4")
    flip(clip, at, bit)
    assert verified(desk) == (11, {"ALTERED": 1, "NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 2}, [("ALTERED", clip.name)])


def test_an_altered_clip_is_named_with_what_it_should_be_and_what_it_is(desk, kit):
    before = clip_id(kit, "090000.mp4")
    flip(stored(desk, "090000.mp4"), 5)
    (row,) = [row for row in desk.rows("verify", "--all") if row["code"] == "ALTERED"]
    assert row["expected"] == before
    assert row["found"] not in (before, None)
    assert kit.log.size > row["index"] > 0


def test_a_clip_cut_by_its_last_byte_is_altered(desk):
    clip = stored(desk, "090000.mp4")
    content = clip.read_bytes()
    clip.chmod(0o640)
    clip.write_bytes(content[:-1])
    assert verified(desk)[2] == [("ALTERED", clip.name)]


def test_a_deleted_clip_is_code_12_and_missing(desk):
    clip = stored(desk, "090000.mp4")
    clip.unlink()
    assert verified(desk) == (12, {"MISSING": 1, "NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 2}, [("MISSING", clip.name)])
    assert desk("verify", "--all", "--json").json["read"] == 2


def test_a_clip_deleted_together_with_its_signature_is_missing_all_the_same(desk):
    clip = stored(desk, "090000.mp4")
    clip.unlink()
    clip.with_name(clip.name + ".sig").unlink()
    assert verified(desk)[2] == [("MISSING", clip.name)]


@pytest.mark.parametrize("name", ["added.mp4", "added.mp4.sig", ".hidden"])
def test_a_file_that_somebody_added_is_code_11_and_extra(desk, name):
    (stored(desk, "090000.mp4").parent / name).write_bytes(b"not from a card")
    assert verified(desk) == (11, FINE | {"EXTRA": 1}, [("EXTRA", name)])


def test_a_clip_moved_to_another_folder_is_missing_here_and_extra_there(desk):
    clip = stored(desk, "090000.mp4")
    clip.rename(clip.parent.parent / clip.name)
    code, _, bad = verified(desk)
    assert (code, sorted(bad)) == (11, [("EXTRA", clip.name), ("MISSING", clip.name)])


def test_a_clip_without_its_signature_is_unsigned(desk):
    stored(desk, "090000.mp4.sig").unlink()
    assert verified(desk)[::2] == (11, [("UNSIGNED", stored(desk, "090000.mp4").name)])


def test_signatures_put_to_each_others_clips_are_both_bad(desk):
    one, two = stored(desk, "090000.mp4.sig"), stored(desk, "091000.mp4.sig")
    first, second = one.read_bytes(), two.read_bytes()
    for path, content in ((one, second), (two, first)):
        path.chmod(0o640)
        path.write_bytes(content)
    code, totals, bad = verified(desk)
    assert (code, totals["BAD_SIGNATURE"], len(bad)) == (11, 2, 2)


def test_two_clips_that_changed_places_are_both_altered(desk):
    one, two = stored(desk, "090000.mp4"), stored(desk, "091000.mp4")
    one.rename(one.with_name("third"))
    two.rename(one)
    one.with_name("third").rename(two)
    assert verified(desk)[1]["ALTERED"] == 2


def test_altered_and_missing_together_are_both_told_and_altered_speaks(desk):
    flip(stored(desk, "090000.mp4"), 9)
    stored(desk, "091000.mp4").unlink()
    code, totals, _ = verified(desk)
    assert (code, totals["ALTERED"], totals["MISSING"]) == (11, 1, 1)


def test_one_clip_alone_can_be_verified(desk, kit):
    flip(stored(desk, "091000.mp4"), 9)
    assert verified(desk, "--clip", clip_id(kit, "090000.mp4")[:12])[::2] == (0, [])
    assert verified(desk, "--clip", clip_id(kit, "091000.mp4"))[0] == 11
    assert desk("verify", "--clip", clip_id(kit, "090000.mp4"), "--json").json["read"] == 1


def test_a_clip_that_is_not_known_is_code_32(desk):
    said = desk("verify", "--clip", "0" * 64)
    assert (said.code, "没有找到片段" in said.err) == (32, True)


def test_people_see_only_what_is_wrong_and_all_of_it_on_demand(desk):
    assert "片段不在了" not in desk("verify", "--all").out
    assert desk("verify", "--all", "--full").out.count("VIDEO/") == 2
    stored(desk, "091000.mp4").unlink()
    out = desk("verify", "--all").out
    assert (out.count("VIDEO/"), "片段不在了" in out) == (1, True)


def test_what_verification_cannot_see_is_printed_each_time(desk):
    out = desk("verify", "--all").out
    assert NO_EXTERNAL_REFERENCE in out
    assert KEY_NOT_APPROVED in out
    assert LIMITS_OF_A_SEAL in out


def edited(path, old, new):
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def test_an_altered_checkpoint_is_code_13_and_nothing_is_signed_over_it(desk):
    checkpoint = desk.root / "log" / "checkpoint"
    size = checkpoint.read_bytes().split(b"\n")[1]
    edited(checkpoint, b"\n" + size + b"\n", b"\n%d\n" % (int(size) - 1))
    altered = checkpoint.read_bytes()
    done = avrecord("verify", "--all", root=desk.root)
    assert (done.returncode, "Traceback" in done.stderr) == (13, False)
    assert "检查点无效" in done.stdout
    refused = avrecord("status", root=desk.root)
    assert (refused.returncode, "拒绝继续签名" in refused.stderr) == (13, True)
    assert checkpoint.read_bytes() == altered


def test_an_altered_entry_of_the_log_is_code_13(desk):
    bundles = [path for path in (desk.root / "log" / "tile" / "entries").rglob("*") if path.is_file()]
    edited(max(bundles, key=lambda path: int(path.name)), b"090000.mp4", b"090001.mp4")
    assert desk("verify", "--all").code == 13


def test_a_log_without_its_checkpoints_is_code_13_and_is_not_begun_anew(desk):
    for name in ("checkpoint", "checkpoints.txt"):
        (desk.root / "log" / name).unlink()
    assert desk("verify", "--all").code == 13
    assert not (desk.root / "log" / "checkpoint").exists()


def test_the_database_is_not_asked(desk):
    for name in ("avrecord.db", "avrecord.db-wal", "avrecord.db-shm"):
        (desk.root / name).unlink(missing_ok=True)
    flip(stored(desk, "090000.mp4"), 9)
    assert verified(desk)[0] == 11


def test_the_checkpoint_is_printed_as_it_stands(desk):
    said = desk("log", "checkpoint")
    assert said.out.encode() == (desk.root / "log" / "checkpoint").read_bytes()
    assert said.out.startswith("avrecord.log/station-01\n")


def test_only_clips_sealed_since_a_day_are_read_and_nothing_is_said_of_the_rest(desk):
    said = desk("verify", "--since", "2026-11-22", "--json")
    assert (said.json["checked"], said.json["unread"], said.json["totals"]) == (0, 3, {"NO_EXTERNAL_REFERENCE": 1})
    flip(stored(desk, "090000.mp4"), 700)
    assert desk("verify", "--since", "2026-11-22").code == 0  # not read: no verdict, and said so
    assert "另有 3 个片段不在本次范围内，未读，不作结论" in desk("verify", "--since", "2026-11-22").out
    assert desk("verify", "--since", "2026-11-21").code == 11


def test_an_interrupted_verification_goes_on_where_it_stopped_and_reads_again_what_changed(desk, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    read = []
    whole = resuming.file_digest

    def interrupted(path):
        if len(read) == 2:
            raise KeyboardInterrupt
        read.append(path.name)
        return whole(path)

    with monkeypatch.context() as patch:
        patch.setattr(verifying.os, "cpu_count", lambda: 1)
        patch.setattr(resuming, "file_digest", interrupted)
        assert desk("verify", "--all").code == 130
    first = stored(desk, read[0])
    flip(first, 3)  # the change time tells: it is read again
    again = []
    monkeypatch.setattr(resuming, "file_digest", lambda path: (again.append(path.name), whole(path))[1])
    said = desk("verify", "--all", "--resume", "--json")
    assert said.json["totals"] == {"ALTERED": 1, "NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 2}
    assert len(again) == 2
    assert read[0] in again
    assert read[1] not in again
    assert not list((tmp_path / "state").rglob("*.jsonl"))  # done: nothing to resume


def test_without_resume_everything_is_read_again(desk, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "state" / "avrecord" / "verify"
    folder.mkdir(parents=True)
    again = []
    whole = resuming.file_digest
    monkeypatch.setattr(resuming, "file_digest", lambda path: (again.append(path.name), whole(path))[1])
    assert desk("verify", "--all").code == 0
    assert len(again) == 3


@pytest.mark.parametrize("text", ["", "no json\n", '{"schema": "other"}\n', '{"schema": "avrecord.verify-progress/1"}\n{"torn'])
def test_a_progress_file_that_cannot_be_read_is_no_progress(tmp_path, text):
    path = tmp_path / "p.jsonl"
    path.write_text(text, "utf-8")
    with resuming.Resumed(path, resume=True) as reader:
        assert reader("x", Path(__file__))[1] == Path(__file__).stat().st_size
        assert reader.reused == 0


def test_a_scrub_reads_the_longest_unread_first_and_states_what_it_found(desk, kit):
    flip(stored(desk, "091000.mp4"), 700)
    names = []
    for _ in range(4):
        said = desk("verify", "--scrub", "0", "--json")  # no time at all: one clip each
        assert (said.json["checked"], said.json["unread"]) == (1, 2)
        names += [Path(f["about"]).name[-10:] for f in said.json["rows"] if f["index"]]
    assert len(set(names[:3])) == 3
    assert names[3] == names[0]
    bodies = [decode(entry, index).body for index, entry in kit.log.entries(0, kit.log.refresh())]
    done = [body for body in bodies if isinstance(body, ScrubDone)]
    assert [body.clips for body in done] == [1, 1, 1, 1]
    assert sum(body.bad for body in done[:3]) == 1


def test_a_scrub_with_time_enough_reads_everything(desk):
    said = desk("verify", "--scrub", "5", "--json")
    assert (said.json["checked"], said.json["unread"]) == (3, 0)
