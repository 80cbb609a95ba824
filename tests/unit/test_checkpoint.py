"""检查点 and cosignatures: what they say, what they cover, and every form in which they are not taken."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import KEY, ORIGIN, OTHER_KEY, TRUSTED

from avrecord.seal.merkle import EMPTY_ROOT
from avrecord.seal.note import COSIGNATURE, BadNote, Checkpoint, NoteKey, NotSigned, cosign, cosignatures, open_note, sign

TEXT = Checkpoint(ORIGIN, 7, EMPTY_ROOT).text
SIGNED = sign(TEXT, KEY, ORIGIN)
WITNESS = NoteKey("witness.example", OTHER_KEY.public)


def with_line(note: str, name: str, payload: bytes) -> str:
    return note + f"— {name} {base64.b64encode(payload).decode()}\n"


@given(st.integers(0, 2**63), st.binary(min_size=32, max_size=32))
@settings(max_examples=50)
def test_a_checkpoint_reads_back_as_it_was_written(size, root):
    assert Checkpoint.parse(Checkpoint(ORIGIN, size, root).text) == Checkpoint(ORIGIN, size, root)


def test_another_logs_extension_lines_are_read_and_belong_to_what_is_signed():
    text = f"{TEXT}extension one\n二\n"
    read = Checkpoint.parse(open_note(sign(text, KEY, ORIGIN), [TRUSTED]))
    assert (read.extensions, read.text) == (("extension one", "二"), text)
    with pytest.raises(NotSigned):
        open_note(sign(text, KEY, ORIGIN).replace("extension one\n", ""), [TRUSTED])


def test_a_cosignature_covers_the_extension_lines_too():
    text = f"{TEXT}extension\n"
    witness = NoteKey("w.example", OTHER_KEY.public, COSIGNATURE)
    line = cosign(text, OTHER_KEY, "w.example", 1_700_000_000)
    assert cosignatures(sign(text, KEY, ORIGIN) + line, [witness]) == {"w.example": 1_700_000_000}
    with pytest.raises(NotSigned):
        cosignatures(SIGNED + line, [witness])


def test_of_two_cosignatures_by_one_witness_the_earlier_dates_the_log():
    witness = NoteKey("w.example", OTHER_KEY.public, COSIGNATURE)
    lines = [cosign(TEXT, OTHER_KEY, "w.example", at) for at in (1_700_000_500, 1_700_000_000, 1_700_000_900)]
    assert cosignatures(SIGNED + "".join(lines), [witness]) == {"w.example": 1_700_000_000}


def test_a_cosignature_of_another_length_is_not_one():
    witness = NoteKey("w.example", OTHER_KEY.public, COSIGNATURE)
    with pytest.raises(NotSigned, match="72"):
        cosignatures(with_line(SIGNED, "w.example", witness.id + bytes(64)), [witness])


def test_a_plain_signature_by_a_witness_key_is_not_its_cosignature():
    """The type belongs to the key's id: the same 32 bytes as a log's key are another key."""
    plain, witness = (
        NoteKey("w.example", OTHER_KEY.public),
        NoteKey("w.example", OTHER_KEY.public, COSIGNATURE),
    )
    both = SIGNED + sign(TEXT, OTHER_KEY, "w.example").rpartition("\n\n")[2]
    assert plain.id != witness.id
    assert cosignatures(both, [witness]) == {}


ROOT = base64.b64encode(EMPTY_ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{ORIGIN}\n07\n{ROOT}\n", id="a leading zero"),
        pytest.param(f"{ORIGIN}\n00\n{ROOT}\n", id="two zeros"),
        pytest.param(f"{ORIGIN}\n+7\n{ROOT}\n", id="a sign"),
        pytest.param(f"{ORIGIN}\n-7\n{ROOT}\n", id="a negative size"),
        pytest.param(f"{ORIGIN}\n7 \n{ROOT}\n", id="a space"),
        pytest.param(f"{ORIGIN}\n1_0\n{ROOT}\n", id="an underscore"),
        pytest.param(f"{ORIGIN}\n0x7\n{ROOT}\n", id="hexadecimal"),
        pytest.param(f"{ORIGIN}\n\n{ROOT}\n", id="no size"),
        pytest.param(f"\n7\n{ROOT}\n", id="no origin"),
        pytest.param(f"{ORIGIN}\n7\n{ROOT}\n\n", id="an empty extension line"),
        pytest.param(f"{ORIGIN}\n7\n{ROOT}\nextension", id="an extension without newline"),
        pytest.param(f"{ORIGIN}\n7\n{ROOT}\none\n\ntwo\n", id="an empty line among extensions"),
        pytest.param(f"{ORIGIN}\n{2**63 + 1}\n{ROOT}\n", id="more leaves than a proof can reach"),
        pytest.param(f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n", id="more digits than Python reads"),
        pytest.param(f"{ORIGIN}\n٧\n{ROOT}\n", id="digits of another script"),
        pytest.param(f"{ORIGIN}\n7\n{ROOT}", id="no newline at the end"),
        pytest.param(f"{ORIGIN}\n7\n{ROOT[:-1]}\n", id="a root without padding"),
        pytest.param(f"{ORIGIN}\n7\n{ROOT[:-2]}V=\n", id="an alias of the root"),
        pytest.param(f"{ORIGIN}\n7\n{base64.b64encode(EMPTY_ROOT[:31]).decode()}\n", id="a root of 31 bytes"),
        pytest.param(f"{ORIGIN}\n7\n\n", id="no root"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_checkpoint_of_another_form_is_refused(text):
    with pytest.raises(BadNote):
        Checkpoint.parse(text)
