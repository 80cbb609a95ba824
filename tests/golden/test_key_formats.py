"""The bytes of docs/formats/key-list.md: key list, KRL, endorsement, sealed key. A change here is a change of the format."""

from __future__ import annotations

import hashlib

from avrecord.model.trust import KeyList, ListedKey, Revocation
from avrecord.seal import keyfile, keylist, minisign, sshsig
from avrecord.seal.keys import Sealer, endorsed_digest, public_text
from avrecord.seal.krl import krl
from avrecord.seal.signer import SoftSigner

ROOT = SoftSigner(bytes(range(32)))
CLIP = SoftSigner(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
NEXT = SoftSigner(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
LIST = KeyList(
    version=2,
    issued="2026-11-21T02:00:00.000000Z",
    expires="2027-12-26T02:00:00.000000Z",
    root=minisign.PublicKey.of(ROOT.public).text.split("\n")[1],
    keys=(
        ListedKey(
            station="station-01", role="clip", key=LINE, valid_from="2026-11-21T02:00:00.000000Z", valid_until=None,
            revoked=Revocation(cosigned_before="2026-12-01T00:00:00.000000Z", until_index=None, why="介质被盗"),
        ),
    ),
)  # fmt: skip
"""One revoked key."""
BYTES = (
    '{"expires":"2027-12-26T02:00:00.000000Z","issued":"2026-11-21T02:00:00.000000Z","keys":[{"key":"' + LINE + '",'
    '"revoked":{"cosigned_before":"2026-12-01T00:00:00.000000Z","until_index":null,"why":"介质被盗"},"role":"clip",'
    '"station":"station-01","valid_from":"2026-11-21T02:00:00.000000Z","valid_until":null}],'
    '"root":"@ROOT@","schema":"avrecord.keylist/1","version":2}\n'
)


def test_a_key_list_is_written_byte_for_byte_as_the_document_says():
    assert keylist.encode(LIST) == BYTES.replace("@ROOT@", LIST.root).encode()
    assert keylist.decode(keylist.encode(LIST)) == LIST


def test_the_signature_over_a_list_is_deterministic_and_says_version_and_digest():
    content, text = keylist.encode(LIST), keylist.sign(LIST, ROOT)
    assert text == keylist.sign(LIST, ROOT)
    assert text.split("\n")[2] == f"trusted comment: avrecord keylist 2 {hashlib.sha256(content).hexdigest()}"
    assert keylist.open_list(content, [text], [minisign.PublicKey.of(ROOT.public)]) == LIST
    assert hashlib.sha256(text.encode()).hexdigest() == "e830d02c5e7d13b8f32291c5312575d001664a2ad3e7854aeb5a9cfa40109e04"


def test_the_generated_openssh_files_are_these_bytes():
    assert keylist.allowed_signers(LIST) == (
        f'station-01 namespaces="clip@avrecord",valid-after="20261121020000Z" {LINE} station-01\n'
    )
    blob = bytes.fromhex("0000000b7373682d6564323535313900000020") + CLIP.public
    section = len(blob).to_bytes(4, "big") + blob
    assert krl([CLIP.public], 2, 1_795_312_800, "avrecord keylist 2") == (
        b"SSHKRL\n\0" + bytes.fromhex("00000001" + "0000000000000002" + "000000006b024ca0" + "0000000000000000" + "00000000")
        + b"\0\0\0\x12avrecord keylist 2" + b"\x02" + len(section).to_bytes(4, "big") + section
    )  # fmt: skip


def test_an_endorsement_is_a_signature_over_the_new_keys_line_for_that_purpose_alone():
    line = public_text("clip", "station-01", NEXT.public)
    assert line == "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM station-01"
    word = Sealer("station-01", CLIP).endorse(line)
    seal = sshsig.parse(word)
    assert (seal.public, seal.namespace) == (CLIP.public, b"key@avrecord")
    assert endorsed_digest(line) == hashlib.sha256(line.encode()).digest()
    assert not sshsig.verify(seal, endorsed_digest(line))  # no clip's seal
    assert hashlib.sha256(word.encode()).hexdigest() == "1225c53c51a25c962c79252dc82cc1e3791aeec41d1108ab349adb6fe367979d"


def test_a_sealed_key_of_today_is_opened_for_ever(tmp_path):
    """Made once with the least argon2id allows; whoever changes the derivation locks every station out."""
    path = tmp_path / "clip.key"
    box = "ciBMBrQer4O58xxAJ5raDf45ANPmM1s1/0/I9gw8NOXjQps5EF3K0L69ZE3PVttoZsQ1wseXcgFp/OyWfwMaGFYISMaspJRV"
    path.write_text(f"avrecord-key-v1 clip argon2id 1 8192 NNjZgcdY6N9Gmuag70itnw== {box}\n")
    path.chmod(0o600)
    assert keyfile.read(path, "clip", None, lambda: b"correct horse").public == CLIP.public
