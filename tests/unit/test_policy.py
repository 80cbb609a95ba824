"""What an auditor demands: read to the letter, since whoever loosens it by a blank or a name has loosened the audit."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import KEY, ORIGIN, TRUSTED

from avrecord.errors import BadInput
from avrecord.seal.merkle import EMPTY_ROOT
from avrecord.seal.note import COSIGNATURE, BadNote, Checkpoint, NoteKey, cosign, sign
from avrecord.seal.policy import Policy, read_policy
from avrecord.seal.signer import SoftSigner

KEYS = {name: SoftSigner(bytes([number + 1]) * 32) for number, name in enumerate("abcdef")}
TEXT = Checkpoint(ORIGIN, 0, EMPTY_ROOT).text
SIGNED = sign(TEXT, KEY, ORIGIN)
LOG = f"log {TRUSTED.vkey}\n"


def vkey(name: str, named: str | None = None) -> str:
    return NoteKey(named or f"{name}.example", KEYS[name].public, COSIGNATURE).vkey


WITNESSES = "".join(f"witness {name} {vkey(name)}\n" for name in "abcdef")


@pytest.fixture
def read(tmp_path: Path):
    def policy(text: str) -> Policy:
        (tmp_path / "policy").write_text(text, "utf-8", newline="")
        return read_policy(tmp_path / "policy")

    return policy


def note_by(names: str) -> str:
    return SIGNED + "".join(cosign(TEXT, KEYS[name], f"{name}.example", 1_700_000_000) for name in names)


@pytest.mark.parametrize(
    ("names", "met"),
    [("", False), ("a", False), ("ab", False), ("abc", False), ("abd", True), ("abdef", True), ("bdef", False), ("ace", True)],
)
def test_groups_of_groups_are_counted_as_they_are_written(read, names, met):
    policy = read(LOG + WITNESSES + "group x 2 a b c\ngroup y any d e f\ngroup both all x y\nquorum both\n")
    assert policy.met(policy.signed(note_by(names))) is met


def test_comments_blanks_tabs_and_urls_are_as_the_format_has_them(read):
    text = f"# 核验策略\n\n \t\n\tlog\t{TRUSTED.vkey}  https://log.example/#top  # the log\n"
    text += f"  witness a {vkey('a')} https://a.example/\t\n#witness b\ngroup g#1 1 a\nquorum g#1"
    policy = read(text)
    assert (policy.logs, policy.quorum, set(policy.groups)) == ((TRUSTED,), "g#1", {"g#1"})
    assert policy.met({"a"})


def test_two_witnesses_that_bear_one_name_are_still_two(read):
    """Counted by the name in the key, one cosignature would stand for both and meet a quorum of two."""
    text = LOG + f"witness one {vkey('a', 'w.example')}\nwitness two {vkey('b', 'w.example')}\ngroup g 2 one two\nquorum g\n"
    policy = read(text)
    alone = SIGNED + cosign(TEXT, KEYS["a"], "w.example", 1_700_000_000)
    assert policy.signed(alone) == {"one"}
    assert not policy.met(policy.signed(alone))
    assert policy.met(policy.signed(alone + cosign(TEXT, KEYS["b"], "w.example", 1_700_000_000)))


def test_a_group_that_is_named_as_signed_does_not_count_itself(read):
    assert not read(LOG + WITNESSES + "group g all a b\nquorum g\n").met({"g"})


def test_a_known_witness_whose_cosignature_fails_rejects_the_note(read):
    policy = read(LOG + WITNESSES + "quorum a\n")
    forged = cosign(TEXT.replace("\n0\n", "\n1\n"), KEYS["b"], "b.example", 1_700_000_000)
    with pytest.raises(BadNote):
        policy.signed(note_by("a") + forged)


def test_groups_may_be_nested_deeper_than_python_recurses(read):
    lines = [f"group g{number} 1 {f'g{number - 1}' if number else 'a'}\n" for number in range(3000)]
    policy = read(LOG + WITNESSES + "".join(lines) + "quorum g2999\n")
    assert policy.met({"a"})
    assert not policy.met({"b"})


def test_a_policy_written_on_windows_is_read(read):
    assert read((LOG + WITNESSES + "quorum a\n").replace("\n", "\r\n")).quorum == "a"


def test_a_quorum_of_none_asks_for_nothing(read):
    assert read(LOG + "quorum none\n").met(set())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("group g any a\n", id="no quorum"),
        pytest.param("quorum a\nquorum a\n", id="a quorum twice"),
        pytest.param("quorum a\nquorum none\n", id="a quorum taken back"),
        pytest.param("quorum a b\n", id="a quorum of two words"),
        pytest.param("quorum g\ngroup g any a\n", id="a quorum before its group"),
        pytest.param("group g any h\ngroup h any a\nquorum g\n", id="a member before its definition"),
        pytest.param("group g any g\nquorum g\n", id="a group that holds itself"),
        pytest.param("group g 1 a a\nquorum g\n", id="a member twice in a group"),
        pytest.param("group g any a b\ngroup h any b c\nquorum g\n", id="a member of two groups"),
        pytest.param("group g any\nquorum a\n", id="an empty group"),
        pytest.param("group g 0 a\nquorum g\n", id="a group of which nobody is needed"),
        pytest.param("group g 3 a b\nquorum g\n", id="a group that can never be met"),
        pytest.param("group g 01 a\nquorum g\n", id="a leading zero"),
        pytest.param("group g +1 a\nquorum g\n", id="a sign"),
        pytest.param("group g １ a\nquorum g\n", id="a digit of another width"),
        pytest.param("group g most a\nquorum g\n", id="an unknown word for a number"),
        pytest.param("group a any b\nquorum a\n", id="a group with a witness's name"),
        pytest.param("group none any a\nquorum none\n", id="a group called none"),
        pytest.param(f"witness a2 {vkey('a')}\nquorum a\n", id="a witness key twice under two names"),
        pytest.param(f"witness a2 {vkey('a', 'z.example')}\nquorum a\n", id="a witness key twice under two key names"),
        pytest.param(f"witness l {NoteKey('l', TRUSTED.public, COSIGNATURE).vkey}\nquorum a\n", id="a log's key as a witness"),
        pytest.param(f"witness l {NoteKey('l', bytes(range(32))).vkey}\nquorum a\n", id="a log's type as a witness"),
        pytest.param(f"log {vkey('a', 'log')}\nquorum a\n", id="a witness's type as a log"),
        pytest.param(f"{LOG}quorum a\n", id="the log twice"),
        pytest.param("quorum\u00a0a\n", id="a no-break space"),
        pytest.param("quorum a\rquorum none\n", id="a carriage return alone"),
        pytest.param("quorum\x0ba\n", id="a vertical tab"),
        pytest.param("Quorum a\n", id="a capital"),
        pytest.param("quorum a\nwhatever\n", id="an unknown word"),
    ],
)
def test_what_the_format_forbids_is_refused_and_the_line_is_named(read, text):
    with pytest.raises(BadInput) as refused:
        read(LOG + WITNESSES + text)
    assert "行" in str(refused.value.facts["detail"])
