"""The log's bytes: RFC 6962's tree, C2SP's files, our statements. A change here is a change of the format."""

from __future__ import annotations

import hashlib

import pytest

from avrecord.model.card import SourceFile
from avrecord.model.observation import Examination, Facts, Fault, Observation, Offered
from avrecord.model.statement import ClipSealed, Statement
from avrecord.seal.codec import decode, encode
from avrecord.seal.log import Log
from avrecord.seal.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from avrecord.seal.signer import SoftSigner
from avrecord.store import documents

KEY = SoftSigner(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The vectors of Certificate Transparency's own tests: the root over the first n of LEAVES."""


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size):
    tree = CompactRange()
    for leaf in LEAVES[:size]:
        tree.append(leaf_hash(leaf))
    assert tree.root().hex() == ROOTS[size]


def test_the_empty_root_is_the_hash_of_nothing():
    assert EMPTY_ROOT.hex() == ROOTS[0]


def test_a_logs_files_are_these_bytes(tmp_path):
    log = Log(tmp_path, KEY, "avrecord.log/station-01")
    log.append(lambda first: LEAVES[:3])
    log.append(lambda first: LEAVES[3:])
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert names - {".lock"} == {
        "checkpoint", "checkpoints.txt", "tile/0/000.p/3", "tile/0/000.p/8", "tile/entries/000.p/3", "tile/entries/000.p/8",
    }  # fmt: skip
    entries = (tmp_path / "tile/entries/000.p/8").read_bytes()
    assert entries == bytes.fromhex(
        "0000 0001 00 0001 10 0002 2021 0002 3031 0004 40414243 0008 5051525354555657 0010 606162636465666768696a6b6c6d6e6f"
    )
    tile = (tmp_path / "tile/0/000.p/8").read_bytes()
    assert tile == b"".join(hashlib.sha256(b"\0" + leaf).digest() for leaf in LEAVES)
    head = (tmp_path / "checkpoint").read_bytes()
    assert head.startswith(b"avrecord.log/station-01\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\xe2\x80\x94 ")
    journal = (tmp_path / "checkpoints.txt").read_bytes()
    assert journal.split(b"---\n")[1:] == [head, b""]


CLIP = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
SEALED = (
    '{"at":"2026-11-21T02:00:00.000000Z","by":"service","claimed_start":"2026-11-16T01:00:00.000000Z",'
    f'"clip":"{CLIP}","clock_offset_ms":-1500,"clock_uncertainty_ms":1000,"docking":"0123456789abcdef","important":true,'
    '"key_id":"SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8","kind":"clip.sealed","media":"video",'
    '"mtime":"1763254800000000000","path":"录像/090000.mp4","path_raw":"wrzP8S8wOTAwMDAubXA0","read_back":"direct",'
    '"recorder":"Z3A0017","seq":7,"sequence":null,"size":6,"station":"station-01",'
    '"stored":"2026-11-21/Z3A0017/录像/090000.mp4","user":"041007","v":1}'
)


def test_the_statement_of_a_sealed_clip_is_these_bytes():
    body = ClipSealed(
        clip=CLIP, size=6, docking="0123456789abcdef", recorder="Z3A0017", path="录像/090000.mp4",
        path_raw="wrzP8S8wOTAwMDAubXA0", mtime="1763254800000000000", media="video",
        stored="2026-11-21/Z3A0017/录像/090000.mp4", claimed_start="2026-11-16T01:00:00.000000Z", clock_offset_ms=-1500,
        clock_uncertainty_ms=1000, user="041007", sequence=None, important=True, read_back="direct",
        key_id="SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8",
    )  # fmt: skip
    statement = Statement(station="station-01", seq=7, at="2026-11-21T02:00:00.000000Z", by="service", body=body)
    assert encode(statement).decode() == SEALED
    assert decode(SEALED.encode(), 7) == statement


def test_a_manifest_is_these_bytes():
    files = [SourceFile(b"VIDEO/b.mp4", 2, 1_763_254_800_000_000_000), SourceFile("录像/a".encode("gb18030"), 1, 0)]
    expected = (
        '{"files":[{"mtime":"1763254800000000000","path":"VIDEO/b.mp4","path_raw":"VklERU8vYi5tcDQ=","size":2},'
        '{"mtime":"0","path":"录像/a","path_raw":"wrzP8S9h","size":1}],"schema":"avrecord.manifest/1"}'
    )
    assert documents.manifest(reversed(files)).decode() == expected
    assert documents.read_manifest(expected.encode()) == tuple(files)


def test_what_later_examinations_say_more_stands_beside_the_same_bytes():
    seen = Observation("id_shown", "id_shown@1", 4000, 912, "行政执法证", "00" * 32, (1, 2, 3, 4), crop="11" * 32)
    facts = Facts(overlay_start="2026-11-16T01:00:35.000000Z", overlay_drift_ms=0, overlay_reads=5, light="day", light_share=1000)
    found = Examination(CLIP, "complete", None, (), (), facts, (seen,), offered=(Offered(2000, "22" * 32),))
    document = documents.examination(found).decode()
    assert f'"offered":[{{"at_ms":2000,"digest":"{"22" * 32}"}}]' in document
    assert f'"box":[1,2,3,4],"check":"id_shown@1","crop":"{"11" * 32}","doubtful":false' in document
    assert '"light":"day","light_share":1000,"longest_gap_ms":null,"overlay_drift_ms":0,"overlay_reads":5,' in document
    assert documents.read_examination(document.encode()) == found


def test_an_examination_is_these_bytes():
    found = Examination(
        CLIP, "complete", None, ("id_shown@1",), ("id_shown",), Facts(duration_ms=5000, longest_gap_ms=2000),
        (Observation("id_shown", "id_shown@1", 4000, 912, "行政执法证", "00" * 32, (1, 2, 3, 4)),),
        (Fault("mute", "silence@1", 0, 5000),), (("frames_read", 2),),
    )  # fmt: skip
    expected = (
        f'{{"checks":["id_shown@1"],"clip":"{CLIP}","cost":{{"frames_read":2}},"facts":{{"audio_codec":null,"claimed_ms":null,'
        '"decode_errors":0,"duration_ms":5000,"frames":null,"height":null,"key_frames":null,"longest_gap_ms":2000,'
        '"video_codec":null,"width":null},"faults":[{"check":"silence@1","detail":"","from_ms":0,"kind":"mute","to_ms":5000}],'
        '"looked":["id_shown"],"observations":[{"at_ms":4000,"box":[1,2,3,4],"check":"id_shown@1","doubtful":false,'
        f'"evidence":"{"00" * 32}","score":912,"segment":"id_shown","words":"行政执法证"}}],"outcome":"complete",'
        '"reason":null,"schema":"avrecord.examination/1"}'
    )
    assert documents.examination(found).decode() == expected
    assert documents.read_examination(expected.encode()) == found
