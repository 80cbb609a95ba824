"""BagIt both ways: the Library of Congress's program accepts our bags and refuses them altered; we read its bags."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import bagit
import pytest

from avrecord.ledger.bag import MANIFEST, TAG_MANIFEST, close_bag, digest_of, files, read_manifest

INFO = {"Source-Organization": "测试城管局", "External-Identifier": "综执罚字〔2026〕44号"}
ABC = hashlib.sha256(b"abc").hexdigest()


@pytest.fixture(autouse=True)
def quiet() -> None:
    logging.getLogger("bagit").setLevel(logging.CRITICAL)


def valid(folder: Path) -> bool:
    """The program's own verdict, every digest computed."""
    try:
        return bool(bagit.Bag(str(folder)).validate())
    except bagit.BagError:
        return False


@pytest.fixture
def ours(tmp_path) -> Path:
    """A bag of ours with names that hurt."""
    folder = tmp_path / "ours"
    clips = ("录像/090000.mp4", "证据 '$(x) &.mp4", "-n", "a  b")
    for name in (*(f"data/clips/{clip}" for clip in clips), "proofs/00.tlog-proof"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    (folder / "data/empty").write_bytes(b"")
    close_bag(folder, INFO)
    return folder


def test_our_bag_is_valid_and_says_what_it_holds(ours):
    assert valid(ours)
    read = bagit.Bag(str(ours))
    assert {label: read.info[label] for label in INFO} == INFO
    payload = [path for path in files(ours) if path.startswith("data/")]
    assert read.info["Payload-Oxum"] == f"{sum((ours / path).stat().st_size for path in payload)}.{len(payload)}"
    assert read.version_info == (1, 0)


def test_the_tag_manifest_lists_every_tag_file_but_itself(ours):
    listed = read_manifest((ours / TAG_MANIFEST).read_bytes())
    assert sorted(listed) == [path for path in files(ours) if not path.startswith("data/") and path != TAG_MANIFEST]


@pytest.mark.parametrize("hurt", ["extra", "altered", "removed", "a tag file", "the manifest", "longer"])
def test_an_altered_bag_of_ours_is_refused(ours, hurt):
    clip = ours / "data/clips/录像/090000.mp4"
    match hurt:
        case "extra":
            (ours / "data/extra").write_bytes(b"")
        case "altered":
            clip.write_bytes(bytes([clip.read_bytes()[0] ^ 1]) + clip.read_bytes()[1:])
        case "removed":
            clip.unlink()
        case "a tag file":
            (ours / "proofs/00.tlog-proof").write_bytes(b"x")
        case "the manifest":
            (ours / MANIFEST).write_text((ours / MANIFEST).read_text("utf-8").replace("a  b", "a b"), "utf-8")
        case _:
            clip.write_bytes(clip.read_bytes() + b"\0")
    assert not valid(ours)


def test_a_value_of_several_lines_is_folded_and_cannot_add_a_label(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a").write_bytes(b"a")
    close_bag(tmp_path, {"Source-Organization": "第一行\nPayload-Oxum: 0.0\r\n\n第三行", "Bagging-Date": "2026-11-21"})
    assert valid(tmp_path)
    read = bagit.Bag(str(tmp_path)).info
    assert sorted(read) == ["Bagging-Date", "Payload-Oxum", "Source-Organization"]
    assert read["Source-Organization"].split() == ["第一行", "Payload-Oxum:", "0.0", "第三行"]
    assert read["Payload-Oxum"] == "1.1"


def test_a_line_end_in_a_name_is_escaped_and_both_read_it_back(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("a\nb", "a\rb"):
        (tmp_path / "data" / name).write_bytes(b"abc")
    close_bag(tmp_path, INFO)
    assert (tmp_path / MANIFEST).read_bytes() == f"{ABC}  data/a%0Ab\n{ABC}  data/a%0Db\n".encode()
    assert valid(tmp_path)
    assert read_manifest((tmp_path / MANIFEST).read_bytes()) == dict.fromkeys(["data/a\nb", "data/a\rb"], ABC)


def test_a_percent_sign_in_a_name_is_escaped_so_that_no_two_names_are_written_alike(tmp_path):
    """The RFC says so; the Library's program neither writes nor reads it, so the vault keeps such names out of bags."""
    (tmp_path / "data").mkdir()
    for name in ("100%.mp4", "a%0Ab"):
        (tmp_path / "data" / name).write_bytes(b"abc")
    close_bag(tmp_path, INFO)
    assert (tmp_path / MANIFEST).read_bytes() == f"{ABC}  data/100%25.mp4\n{ABC}  data/a%250Ab\n".encode()
    assert read_manifest((tmp_path / MANIFEST).read_bytes()) == dict.fromkeys(["data/100%.mp4", "data/a%0Ab"], ABC)


def test_a_bag_that_the_library_made_is_read(tmp_path):
    for name in ("录像/一.mp4", "b c", "line\nend", "100%"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    bagit.make_bag(str(tmp_path), INFO, checksums=["sha256"])
    payload, tags = (read_manifest((tmp_path / name).read_bytes()) for name in (MANIFEST, TAG_MANIFEST))
    assert sorted(payload) == ["data/100%", "data/b c", "data/line\nend", "data/录像/一.mp4"]
    assert {path: digest_of(tmp_path / path) for path in payload | tags} == payload | tags
    assert sorted(payload | tags | {TAG_MANIFEST: ""}) == files(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{ABC}  data/a\n{ABC}  data/b\n", id="as sha256sum writes it"),
        pytest.param(f"{ABC}  data/a\n{ABC}  data/b", id="no newline after the last line"),
        pytest.param(f"{ABC}  data/a\r\n{ABC}  data/b\r\n", id="Windows line ends"),
        pytest.param(f"{ABC}  data/a\r{ABC}  data/b\r", id="carriage returns"),
        pytest.param(f"{ABC} data/a\n{ABC}\t \tdata/b\n", id="one blank, or tabs"),
        pytest.param(f"{ABC.upper()}  data/a\n{ABC}  ./data/b\n", id="capitals, and a dot in front"),
    ],
)
def test_a_manifest_in_any_form_that_the_rfc_allows_is_read(text):
    assert read_manifest(text.encode()) == {"data/a": ABC, "data/b": ABC}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("data/a", id="no digest"),
        pytest.param(ABC, id="no path"),
        pytest.param(f"{ABC}  ", id="blanks for a path"),
        pytest.param(f"{ABC[:-1]}  data/x", id="a digit short"),
        pytest.param(f"{ABC[:-1]}g  data/x", id="no hexadecimal digit"),
        pytest.param(f"{ABC}data/x", id="nothing between"),
        pytest.param(f"{ABC}\u3000data/x", id="an ideographic space between"),
        pytest.param(f" {ABC}  data/x", id="a blank in front"),
        pytest.param(f"{ABC}  /etc/passwd", id="an absolute path"),
        pytest.param(f"{ABC}  data/../../x", id="a path out of the bag"),
        pytest.param(f"{ABC}  data/%2E%2E/x\n{ABC}  ../x", id="two dots, escaped and not"),
        pytest.param(f"{ABC}  ~/x", id="a home folder"),
        pytest.param(f"{ABC}  data//x", id="an empty part"),
        pytest.param(f"{ABC}  data/a", id="a path twice"),
        pytest.param(f"{ABC}  ./data/a", id="a path twice, once with a dot in front"),
        pytest.param("", id="an empty line"),
    ],
)
def test_a_manifest_line_that_a_bag_may_not_have_is_refused(line):
    with pytest.raises(ValueError, match="manifest line"):
        read_manifest(f"{ABC}  data/a\n{line}\n{ABC}  data/z\n".encode())


def test_a_name_that_was_escaped_twice_over_is_not_the_name_itself():
    assert list(read_manifest(f"{ABC}  data/a%250Ab\n{ABC}  data/a%0ab\n".encode())) == ["data/a%0Ab", "data/a\nb"]
    assert read_manifest(b"") == {}
