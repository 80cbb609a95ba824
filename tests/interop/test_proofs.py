"""Proofs that somebody else checks: a shell script with openssl and coreutils, every pair of sizes, a witness."""

from __future__ import annotations

import base64
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord import station
from avrecord.errors import BadInput, LogBehind
from avrecord.pipeline import witnessing
from avrecord.pipeline.verify import Demand, verify
from avrecord.seal import note
from avrecord.seal.log import Log
from avrecord.seal.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from avrecord.seal.note import Checkpoint, NoteKey
from avrecord.seal.policy import read_policy
from avrecord.seal.proof import BadProof, LogProof, check_consistency, consistency, hashes_of, inclusion, root_of
from avrecord.seal.signer import SoftSigner
from avrecord.seal.witness import Request, Witness
from conftest import NOW, pattern

SIZE = 1100
SCRIPT = Path(__file__).parent / "verify-proof.sh"
KEY = SoftSigner(bytes(range(32)))
ORIGIN = "avrecord.log/s1"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A log of 1,100 leaves: hashes from its tiles, and the root at every size."""
    folder = tmp_path_factory.mktemp("tree")
    Log(folder, KEY, ORIGIN).append(lambda first: [f"leaf {n}".encode() for n in range(SIZE)])
    whole, roots = CompactRange(), {}
    leaves = [leaf_hash(f"leaf {n}".encode()) for n in range(SIZE)]
    for leaf in leaves:
        whole.append(leaf)
        roots[whole.size] = whole.root()
    return hashes_of(folder, SIZE), leaves, roots


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_each_leaf_leads_to_the_root_of_each_size_and_to_no_other(tree, data):
    hashes, leaves, roots = tree
    size = data.draw(st.integers(1, SIZE))
    index = data.draw(st.integers(0, size - 1))
    path = inclusion(index, size, hashes)
    assert root_of(index, size, leaves[index], path) == roots[size]
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else None
    if other is not None:
        with suppress(BadProof):
            assert root_of(other, size, leaves[index], path) != roots[size]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_each_size_is_a_prefix_of_each_later_one_and_of_no_altered_one(tree, data):
    hashes, _, roots = tree
    new = data.draw(st.integers(1, SIZE))
    old = data.draw(st.integers(1, new))
    proof = consistency(old, new, hashes)
    check_consistency(old, new, roots[old], roots[new], proof)
    with pytest.raises(BadProof):
        check_consistency(old, new, roots[old], bytes(32), proof)
    if old != new:
        with pytest.raises(BadProof):
            check_consistency(old, new, bytes(32), roots[new], proof)
        with pytest.raises(BadProof):
            check_consistency(old, new, roots[old], roots[new], [*proof, bytes(32)])


@pytest.fixture
def proven(kit, dcam, dock, tmp_path):
    """Statement, proof and log key of a sealed clip, as `log prove` writes them."""
    dock(dcam({f"VIDEO/09{n:02d}00.mp4": pattern(100, n) for n in range(7)}))
    clip = kit.records.clips()[3]
    index, text = witnessing.prove(kit, clip.id)
    (tmp_path / "statement").write_bytes(witnessing.entry_of(kit, index))
    (tmp_path / "proof").write_text(text, "utf-8")
    return tmp_path / "statement", tmp_path / "proof", kit.log_key.vkey


def by_shell(statement: Path, proof: Path, vkey: str) -> bool:
    return subprocess.run(["bash", SCRIPT, statement, proof, vkey], capture_output=True, check=False).returncode == 0


def test_a_thirty_line_shell_script_verifies_a_proof(proven):
    assert by_shell(*proven)


def test_the_shell_script_refuses_another_statement_key_or_index(proven):
    statement, proof, vkey = proven
    said = statement.read_bytes()
    statement.write_bytes(said.replace(b'"size":100', b'"size":101'))
    assert not by_shell(statement, proof, vkey)
    statement.write_bytes(said)
    assert not by_shell(statement, proof, NoteKey(vkey.split("+")[0], SoftSigner.generate().public).vkey)
    text = proof.read_text("utf-8")
    index = text.split("index ")[1].split("\n")[0]
    proof.write_text(text.replace(f"index {index}", f"index {int(index) - 1}"), "utf-8")
    assert not by_shell(statement, proof, vkey)


def test_no_byte_of_a_proof_can_be_changed(proven):
    statement, proof, vkey = proven
    text = proof.read_bytes()
    key = NoteKey.parse(vkey)

    def good(content: bytes) -> bool:
        try:
            read = LogProof.parse(content.decode())
            checkpoint = Checkpoint.parse(note.open_note(read.checkpoint, [key]))
            leaf = leaf_hash(statement.read_bytes())
            return checkpoint.origin == key.name and root_of(read.index, checkpoint.size, leaf, read.path) == checkpoint.root
        except (ValueError, UnicodeDecodeError):
            return False

    assert good(text)
    assert [at for at in range(len(text)) if good(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])] == []


@pytest.fixture
def pair(root, tmp_path, dcam, dock, kit):
    """A station with clips, and a second one that witnesses it."""
    dock(dcam({"VIDEO/090000.mp4": b"a"}))
    station.create(tmp_path / "second", "station-02", "见证站")
    other = station.open_station(tmp_path / "second", clock=lambda: NOW)
    witnessing.trust(other, kit.log_key.vkey)
    yield kit, other
    other.store.close()


def cosigned(kit, other) -> None:
    reply = witnessing.answer(other, witnessing.request(kit))
    assert reply.status == 200, reply.body
    key = NoteKey(other.witness_name, other.witness_key.public, note.COSIGNATURE)
    witnessing.accept(kit, reply.body, key, "service")


def test_a_cosignature_covers_what_was_sealed_before_it_and_nothing_later(pair, dcam, dock, tmp_path):
    kit, other = pair
    cosigned(kit, other)
    dock(dcam({"VIDEO/090100.mp4": b"b"}, name="slot2"))
    policy = tmp_path / "policy"
    vkey = NoteKey(other.witness_name, other.witness_key.public, note.COSIGNATURE).vkey
    policy.write_text(f"log {kit.log_key.vkey}\nwitness second {vkey}\nquorum second\n", "utf-8")
    result = verify(kit, demand=Demand(policy=read_policy(policy)))
    assert (result.totals["OK"], result.totals["OK_UNWITNESSED"]) == (1, 1)
    assert result.key_approved
    assert "NO_EXTERNAL_REFERENCE" not in result.totals
    cosigned(kit, other)
    assert verify(kit, demand=Demand(policy=read_policy(policy))).totals["OK"] == 2


def test_a_policy_that_no_cosignature_meets_is_said_and_not_passed_over(pair, tmp_path):
    kit, other = pair
    cosigned(kit, other)
    stranger = NoteKey("stranger", SoftSigner.generate().public, note.COSIGNATURE).vkey
    policy = tmp_path / "policy"
    policy.write_text(f"log {kit.log_key.vkey}\nwitness w {stranger}\nquorum w\n", "utf-8")
    result = verify(kit, demand=Demand(policy=read_policy(policy)))
    assert result.totals["QUORUM_NOT_MET"] == 1
    assert result.exit_code == 15


def test_a_policy_without_this_stations_key_is_an_unknown_key(pair, tmp_path):
    kit, _ = pair
    policy = tmp_path / "policy"
    policy.write_text(f"log {NoteKey(ORIGIN, KEY.public).vkey}\nquorum none\n", "utf-8")
    assert verify(kit, demand=Demand(policy=read_policy(policy))).totals["UNKNOWN_KEY"] >= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none\nquorum none\n",
        "quorum w\n",
        "group g 2 a\nquorum g\n",
        "witness w nonsense\nquorum w\n",
        "what is this\nquorum none\n",
    ],
)
def test_a_policy_that_is_not_understood_is_refused(tmp_path, text):
    (tmp_path / "policy").write_text(text, "utf-8")
    with pytest.raises(BadInput):
        read_policy(tmp_path / "policy")


@pytest.fixture
def witness(tmp_path):
    return Witness(tmp_path / "w", SoftSigner(bytes(32)), "w.example", [NoteKey(ORIGIN, KEY.public)], lambda: 1_700_000_000)


def signed(size: int, roots) -> str:
    return note.sign(Checkpoint(ORIGIN, size, roots[size]).text, KEY, ORIGIN)


def ask(old: int, size: int, tree) -> str:
    hashes, _, roots = tree
    proof = consistency(old, size, hashes) if old else []
    return Request(old, tuple(proof), signed(size, roots)).text


def test_the_witness_answers_as_the_specification_says(witness, tree):
    hashes, _, roots = tree
    assert witness.add(ask(0, 100, tree)).status == 200
    again = witness.add(ask(0, 100, tree))
    assert (again.status, again.body, again.media_type) == (409, "100\n", "text/x.tlog.size")
    assert witness.add(ask(100, 300, tree)).status == 200
    assert witness.add(ask(300, 300, tree)).status == 200
    assert witness.add(Request(300, (bytes(32),), signed(400, roots)).text).status == 422
    fork = note.sign(Checkpoint(ORIGIN, 300, bytes(32)).text, KEY, ORIGIN)
    assert witness.add(Request(300, (), fork).text).status == 422
    assert witness.add(Request(500, (), signed(400, roots)).text).status == 400
    assert witness.add("nonsense").status == 400
    assert witness.add("old 00\n\n" + signed(400, roots)).status == 400
    assert witness.add(f"old {'9' * 5000}\n\n{signed(400, roots)}").status == 400
    assert witness.add("old 300\nAAAA\n\n" + signed(400, roots)).status == 400  # a hash of three bytes
    assert witness.add("old 300\n" + f"{base64.b64encode(bytes(32)).decode()}\n" * 64 + "\n" + signed(400, roots)).status == 400
    assert witness.add("old 300\n\n" + signed(400, roots).partition("\n\n")[0] + "\n").status == 400  # no signature lines
    leading_zero = note.sign(f"{ORIGIN}\n0400\n{base64.b64encode(roots[400]).decode()}\n", KEY, ORIGIN)
    assert witness.add(f"old 300\n\n{leading_zero}").status == 400
    unknown = note.sign(Checkpoint("other.log", 400, roots[400]).text, KEY, "other.log")
    assert witness.add(Request(0, (), unknown).text).status == 404
    forged = note.sign(Checkpoint(ORIGIN, 400, roots[400]).text, SoftSigner.generate(), ORIGIN)
    assert witness.add(Request(300, tuple(consistency(300, 400, hashes)), forged).text).status == 403
    assert witness.last(ORIGIN).size == 300


def test_a_first_request_has_no_proof_and_an_empty_log_the_empty_root(witness, tree):
    _, _, roots = tree
    assert witness.add(Request(0, (bytes(32),), signed(7, roots)).text).status == 422
    wrong = note.sign(Checkpoint(ORIGIN, 0, bytes(32)).text, KEY, ORIGIN)
    assert witness.add(Request(0, (), wrong).text).status == 422
    assert witness.last(ORIGIN) is None
    empty = note.sign(Checkpoint(ORIGIN, 0, EMPTY_ROOT).text, KEY, ORIGIN)
    assert witness.add(Request(0, (), empty).text).status == 200
    assert witness.add(Request(0, (), signed(7, roots)).text).status == 200


def test_a_checkpoint_with_extension_lines_is_cosigned_as_it_is(witness, tree):
    _, _, roots = tree
    text = Checkpoint(ORIGIN, 7, roots[7], ("an extension",)).text
    whole = note.sign(text, KEY, ORIGIN)
    reply = witness.add(Request(0, (), whole).text)
    assert reply.status == 200
    assert note.cosignatures(whole + reply.body, [witness.verifier]) == {"w.example": 1_700_000_000}
    assert witness.last(ORIGIN) == Checkpoint.parse(text)


def test_a_cosignature_is_over_time_and_checkpoint_and_bears_the_witness_key(witness, tree):
    _, _, roots = tree
    reply = witness.add(ask(0, 7, tree))
    whole = note.with_line(signed(7, roots), reply.body)
    assert note.cosignatures(whole, [witness.verifier]) == {"w.example": 1_700_000_000}
    payload = bytearray(note.canonical_base64(reply.body.split(" ")[2].strip()))
    payload[11] ^= 1  # the time
    moved = f"— w.example {base64.b64encode(payload).decode()}\n"
    with pytest.raises(note.BadNote):
        note.cosignatures(note.with_line(signed(7, roots), moved), [witness.verifier])


def test_a_witness_that_saw_more_than_the_station_holds_tells_of_a_cut_log(pair):
    kit, _ = pair
    with pytest.raises(LogBehind):
        witnessing.request(kit, kit.log.size + 5)
