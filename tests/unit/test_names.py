"""Names in the vault: readable by anyone, safe on any file system, never trusted."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from avrecord.model.card import SourceFile
from avrecord.vault.names import safe_name, safe_path, with_digest

DIGEST = "0123456789abcdef" * 4
NAME_MAX = 255
"""Bytes in one name of ext4, and in one name that a card's file system hands us."""

paths = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="./\\ aA.sigCON证\u202e\x00\n:*?", max_size=60),
    st.lists(st.sampled_from(["..", ".", "", "a", "A.SIG", "x.mp4.sig", "con", " ", "…", "证" * 80]), max_size=20).map("/".join),
)


def parts(path: PurePosixPath) -> tuple[str, ...]:
    assert not path.is_absolute()
    return path.parts


@given(paths)
@example("../../etc/passwd")
@example("/etc/passwd")
@example("")
@example("////")
@example(".")
@settings(max_examples=100)
def test_no_path_of_a_card_leads_out_of_its_folder(shown):
    found = parts(safe_path(shown))
    assert found
    assert not {"", ".", ".."} & set(found)
    assert all("/" not in part and "\0" not in part for part in found)


@given(st.binary(max_size=120).filter(lambda path: b"\0" not in path))
@settings(max_examples=100)
def test_no_bytes_of_a_card_lead_out_of_its_folder(raw):
    found = parts(safe_path(SourceFile(raw, 0, 0).shown))
    assert found
    assert ".." not in found
    assert all(part.encode() for part in found)


@given(paths)
@settings(max_examples=100)
def test_a_name_leaves_room_for_a_digest_and_a_seal(shown):
    stored = with_digest(safe_path(shown), DIGEST)
    for part in (*safe_path(shown).parts, stored.name + ".sig", safe_path(shown).name + ".sig"):
        assert len(part.encode()) <= NAME_MAX


@given(st.text(max_size=NAME_MAX // 3), st.sampled_from([".sig", ".SIG", ".Sig", ".sig ", ".sig.", ".sig. ."]))
@settings(max_examples=100)
def test_no_file_of_a_card_can_pass_as_a_seal(stem, ending):
    assert not safe_name(stem + ending).lower().endswith(".sig")
    assert not with_digest(PurePosixPath(safe_name(stem + ending)), DIGEST).name.lower().endswith(".sig")


@given(paths)
@settings(max_examples=100)
def test_no_name_hides_from_a_listing_or_is_refused_by_windows(shown):
    for part in safe_path(shown).parts:
        assert not part.startswith(".")
        assert not set(part) & set('<>:"|?*\\\x00\n\x1f\x7f\u202e\u2066')
        assert part.split(".")[0].lower() not in ("con", "prn", "aux", "nul", "com1", "lpt9")


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("DCAM_Z3A0017_041007_20261116_090000.mp4", "DCAM_Z3A0017_041007_20261116_090000.mp4"),
        ("执法 录像.mp4", "执法 录像.mp4"),
        ("09:00.mp4", "09_00.mp4"),
        (".hidden", "_.hidden"),
        ("...", "_"),
        ("CON", "_CON"),
        ("con.mp4", "_con.mp4"),
        ("console.mp4", "console.mp4"),
        ("a.mp4.sig", "a.mp4.sig.file"),
        ("a.mp4.", "a.mp4"),
        ("gnp.4pm\u202e.exe", "gnp.4pm_.exe"),
    ],
)
def test_ordinary_names_stay_and_others_are_made_safe(name, stored):
    assert safe_name(name) == stored


def test_a_long_name_keeps_its_ending():
    name = safe_name("证" * 80 + ".mp4")
    assert name.endswith("证.mp4")
    assert len(name.encode()) <= 180


def test_a_name_is_never_cut_inside_a_character():
    assert set(safe_name("证" * 80)) == {"证"}


def test_of_a_deep_path_the_last_folders_are_kept():
    assert safe_path("/".join(str(depth) for depth in range(20))).parts == tuple(str(depth) for depth in range(12, 20))


def test_other_bytes_of_the_same_name_get_a_piece_of_their_digest():
    assert with_digest(PurePosixPath("VIDEO/a.mp4"), DIGEST) == PurePosixPath("VIDEO/a-0123456789ab.mp4")
    assert with_digest(PurePosixPath("noending"), DIGEST) == PurePosixPath("noending-0123456789ab")
