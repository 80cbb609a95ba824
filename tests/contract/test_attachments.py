"""Attachments: what a statement names by digest is kept unchanged, or its absence is said."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord.errors import BytesMissing, EvidenceError
from avrecord.vault.attachments import Attachments


@pytest.fixture
def attachments(tmp_path) -> Attachments:
    return Attachments(tmp_path / "attachments")


@given(content=st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_what_was_put_is_got_by_its_digest(tmp_path_factory, content):
    attachments = Attachments(tmp_path_factory.getbasetemp() / "attachments")
    digest = attachments.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert attachments.get(digest) == content


def test_an_attachment_lies_where_the_format_says(attachments):
    digest = attachments.put(b"manifest")
    assert (attachments.root / digest[:2] / digest).read_bytes() == b"manifest"


def test_putting_twice_changes_nothing(attachments):
    path = attachments.path(attachments.put(b"manifest"))
    before = path.stat()
    attachments.put(b"manifest")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_missing_attachment_is_said_to_be_missing(attachments):
    with pytest.raises(BytesMissing):
        attachments.get(hashlib.sha256(b"never put").hexdigest())


def test_an_attachment_in_which_one_bit_was_flipped_is_not_handed_out(attachments):
    path = attachments.path(attachments.put(b"manifest"))
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    with pytest.raises(EvidenceError) as caught:
        attachments.get(path.name)
    assert not isinstance(caught.value, BytesMissing)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "ABCD" * 16, "ab" * 31, "ab" * 32 + "\n", "ab" * 31 + "/."])
def test_only_a_digest_names_an_attachment(attachments, digest):
    with pytest.raises(ValueError, match="not a clip id"):
        attachments.path(digest)
