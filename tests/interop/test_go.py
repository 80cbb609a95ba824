"""Go's transparency-log library reads what we write, and we what it writes: nothing of either is ours on both sides."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from avrecord.seal import note, tiles
from avrecord.seal.log import SEPARATOR, Log
from avrecord.seal.merkle import CompactRange, leaf_hash
from avrecord.seal.note import Checkpoint, NoteKey
from avrecord.seal.proof import BadProof, LogProof, check_consistency, consistency, hashes_of, inclusion, root_of
from avrecord.seal.signer import SoftSigner

HERE = Path(__file__).parent
DEBIANS = Path("/usr/share/gocode")
KEY = SoftSigner(bytes(range(32)))
ORIGIN = "avrecord.log/station-01"
VKEY = NoteKey(ORIGIN, KEY.public).vkey
GROWTH = (1, 2, 3, 4, 7, 8, 200, 255, 256, 257, 400, 511, 512, 513, 700)
"""Sizes at which checkpoints are published: around powers of two and full tiles."""


@dataclass(frozen=True)
class Go:
    """The two compiled programs."""

    verifier: Path
    writer: Path

    def log(self, folder: Path, *earlier: Path, vkey: str = VKEY, every: int = 1) -> str:
        return self._run(self.verifier, "log", vkey, folder, every, *earlier)

    def proofs(self, statement: Path, *proofs: Path, vkey: str = VKEY) -> list[str]:
        return self._run(self.verifier, "proof", vkey, statement, *proofs).splitlines()

    def write(self, size: int, folder: Path) -> Path:
        self._run(self.writer, "go.example/日志", size, folder)
        return folder

    def _run(self, *command: object) -> str:
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False).stdout.strip()


@pytest.fixture(scope="session")
def go(tmp_path_factory) -> Go:
    """Compiled once in a session, offline, against Debian's copy of the library."""
    if shutil.which("go") is None or not (DEBIANS / "src/golang.org/x/mod/sumdb").is_dir():
        pytest.skip("golang-go or golang-golang-x-mod-dev is not installed: logs were not checked by Go")
    out = tmp_path_factory.mktemp("go")
    env = {"PATH": os.environ["PATH"], "GO111MODULE": "off", "GOPATH": str(DEBIANS), "GOCACHE": str(out / "cache")}
    for name in ("verify-log", "write-log"):
        command = ["go", "build", "-o", out / name, HERE / f"{name}.go"]
        subprocess.run(command, env=env | {"GOTOOLCHAIN": "local", "HOME": str(out)}, check=True)
    return Go(out / "verify-log", out / "write-log")


@pytest.fixture
def grown(tmp_path) -> tuple[Path, list[Path]]:
    """A log of 700 leaves and every checkpoint that it published on the way."""
    folder, log = tmp_path / "log", Log(tmp_path / "log", KEY, ORIGIN)
    for size in GROWTH:
        log.append(lambda first, size=size: [f"leaf {n} ".encode() * (n % 4) for n in range(first, size)])
    earlier = []
    for size, signed in zip(GROWTH, (folder / "checkpoints.txt").read_text().split(SEPARATOR), strict=False):
        earlier.append(tmp_path / f"{size}.checkpoint")
        earlier[-1].write_text(signed)
    return folder, earlier


def test_go_finds_every_leaf_and_every_earlier_tree_in_our_log(go, grown):
    folder, earlier = grown
    assert go.log(folder, *earlier) == f"OK 700 leaves, {len(GROWTH)} earlier trees"


def test_go_reads_our_tiles_of_three_levels(go, tmp_path):
    log = Log(tmp_path, KEY, ORIGIN)
    log.append(lambda first: [b"%d" % n for n in range(66_000)])
    assert {path.name for path in (tmp_path / "tile").iterdir()} == {"0", "1", "2", "entries"}
    assert go.log(tmp_path, every=997) == "OK 66000 leaves, 0 earlier trees"


@pytest.mark.parametrize(
    "tile", ["tile/0/000", "tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/188"]
)
def test_go_refuses_our_log_with_one_bit_flipped_in_a_tile(go, grown, tile):
    path = grown[0] / tile
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "OK" not in go.log(grown[0])


def test_go_refuses_another_key_and_an_earlier_checkpoint_of_another_history(go, grown, tmp_path):
    folder, earlier = grown
    stranger = NoteKey(ORIGIN, SoftSigner(bytes(32)).public).vkey
    assert go.log(folder, vkey=stranger).startswith("BAD")
    fork = tmp_path / "fork"
    fork.write_text(note.sign(Checkpoint(ORIGIN, 257, bytes(32)).text, KEY, ORIGIN))
    assert go.log(folder, *earlier, fork).startswith("BAD")
    longer = tmp_path / "longer"
    longer.write_text(note.sign(Checkpoint(ORIGIN, 701, bytes(32)).text, KEY, ORIGIN))
    assert go.log(folder, longer).startswith("BAD")


def test_proofs_of_an_older_tree_are_made_and_checked_after_partial_tiles_were_tidied_away(go, grown):
    """As tlog-tiles allows once the full tile exists: of tile 0 only the full one stays."""
    folder, earlier = grown
    shutil.rmtree(folder / "tile/0/000.p")
    shutil.rmtree(folder / "tile/entries/000.p")
    assert go.log(folder, *earlier).startswith("OK 700")
    hashes = hashes_of(folder, 200)
    old = Checkpoint.parse(note.open_note((folder.parent / "200.checkpoint").read_text(), [NoteKey.parse(VKEY)]))
    for index, entry in tiles.entries(folder, 0, 200, 200):
        assert root_of(index, 200, leaf_hash(entry), inclusion(index, 200, hashes)) == old.root


def accepted(content: bytes, statement: bytes) -> bool:
    """Whether we accept a proof."""
    try:
        proof = LogProof.parse(content.decode())
        checkpoint = Checkpoint.parse(note.open_note(proof.checkpoint, [NoteKey.parse(VKEY)]))
        found = root_of(proof.index, checkpoint.size, leaf_hash(statement), proof.path)
    except ValueError:
        return False
    return checkpoint.origin == ORIGIN and found == checkpoint.root


def test_go_opens_our_proof_and_refuses_it_with_any_byte_changed_as_we_do(go, grown, tmp_path):
    folder, statement, index = grown[0], tmp_path / "statement", 301
    statement.write_bytes(next(entry for _, entry in tiles.entries(folder, index, index + 1, 700)))
    path = tuple(inclusion(index, 700, hashes_of(folder, 700)))
    text = LogProof(index, path, (folder / "checkpoint").read_text()).text.encode()
    altered = [text[:at] + bytes([text[at] ^ bit]) + text[at + 1 :] for at in range(len(text)) for bit in (1, 0x20)]
    files = []
    for number, content in enumerate([text, *altered]):
        files.append(tmp_path / f"{number}.tlog-proof")
        files[-1].write_bytes(content)
    verdicts = [line == "OK" for line in go.proofs(statement, *files)]
    assert verdicts == [True] + [False] * len(altered)
    assert [accepted(content, statement.read_bytes()) for content in [text, *altered]] == verdicts
    statement.write_bytes(statement.read_bytes() + b" ")
    assert go.proofs(statement, files[0])[0].startswith("BAD")


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 700])
def test_a_log_that_go_wrote_is_read_and_its_proofs_are_ours(go, tmp_path, size):
    out = go.write(size, tmp_path)
    key = NoteKey.parse((out / "vkey").read_text())
    checkpoint = Checkpoint.parse(note.open_note((out / "checkpoint").read_text(), [key]))
    assert (checkpoint.origin, checkpoint.size) == (key.name, size)
    hashes, tree, roots = hashes_of(out, size), CompactRange(), {}
    for index, entry in tiles.entries(out, 0, size, size):
        proof = LogProof.parse((out / f"proofs/{index}.tlog-proof").read_text())
        assert root_of(index, size, leaf_hash(entry), proof.path) == checkpoint.root
        assert (proof.index, list(proof.path)) == (index, inclusion(index, size, hashes))
        assert note.open_note(proof.checkpoint, [key]) == checkpoint.text
        tree.append(leaf_hash(entry))
        roots[tree.size] = tree.root()
    assert tree.root() == checkpoint.root
    lines = (out / "consistency.txt").read_text().splitlines()
    assert len(lines) == size
    for line in lines:
        old, root, *steps = line.split()
        path = [base64.b64decode(step) for step in steps]
        assert base64.b64decode(root) == roots[int(old)]
        assert path == consistency(int(old), size, hashes)
        check_consistency(int(old), size, roots[int(old)], checkpoint.root, path)
        with pytest.raises(BadProof):
            check_consistency(int(old), size, roots[int(old)], bytes(32), path)


def test_a_note_that_go_signed_is_refused_with_any_byte_of_it_changed(go, tmp_path):
    out = go.write(3, tmp_path)
    keys, signed = [NoteKey.parse((out / "vkey").read_text())], (out / "checkpoint").read_bytes()
    for at in range(len(signed)):
        with pytest.raises((UnicodeDecodeError, note.BadNote)):
            note.open_note((signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]).decode(), keys)
