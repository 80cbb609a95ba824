"""换钥: a key takes over from another, as a statement of the old one; and a root's key list is installed.

Order: the new key durable (`<role>.next.key`) → stated under the old keys → the new key takes the old one's place.
A crash in between is healed at the next opening: the log decides whether the next key is the one in force.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from avrecord import durable
from avrecord.errors import KeyProblem
from avrecord.model.statement import KeyChanged, KeysListed
from avrecord.pipeline import intents
from avrecord.pipeline.keylists import LISTED, ROOT, SIGNATURES, open_signed
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.seal import keyfile, keys, minisign
from avrecord.seal.note import COSIGNATURE, ED25519, NoteKey
from avrecord.seal.signer import SoftSigner

NEXT = "next"


def announcement(role: str, key_id: str, public: str, reason: str = "created", endorsement: str | None = None) -> KeyChanged:
    """The statement that a key signs for a role from here on."""
    return KeyChanged(role=role, key_id=key_id, public=public, reason=reason, endorsement=endorsement)


def rotate(kit: Kit, role: str, by: str, passphrase: keys.Passphrase, uri: str | None = None) -> KeyChanged:
    """Replace the key of a role: by a new one, or by the one in a token that `uri` names (RFC 7512).

    No service may run meanwhile: it holds the old key. The kit must be opened anew afterwards. Clips that a
    crash left unstated are stated first, under the key that sealed them. Raises KeyProblem.
    """
    with intents.healed(kit):
        body = _rotated(kit, role, by, passphrase, uri)
    finish_rotation(kit)
    return body


def _rotated(kit: Kit, role: str, by: str, passphrase: keys.Passphrase, uri: str | None) -> KeyChanged:
    folder = kit.root / "keys"
    path = folder / f"{role}.{NEXT}.key"
    # What an earlier rotation left must not vouch for this one's key: it may be the public half of the key in force.
    (folder / f"{role}.{NEXT}.pub").unlink(missing_ok=True)
    durable.sync_folder(folder)
    if uri:
        public = keyfile.write_token(path, role, uri).public
    else:
        new, closed = SoftSigner.generate(), keyfile.is_closed(folder / f"{role}.key")
        word = passphrase() if closed else None
        if closed and word is None:
            raise KeyProblem(path=path, detail=f"原密钥有口令保护，新密钥也要口令：请用环境变量 {keyfile.PASSPHRASE_FILE} 指明")
        keyfile.write(path, role, new, word)
        public = new.public
    text = keys.public_text(role, kit.station, public)
    durable.replace_with(folder / f"{role}.{NEXT}.pub", f"{text}\n".encode())
    endorsement = kit.sealer.endorse(text) if role == "clip" else None
    body = announcement(role, _key_id(role, public, text), text, "rotated", endorsement)
    state(kit, [body], by)
    return body


def finish_rotation(kit: Kit) -> list[str]:
    """Put the next key of a role in place where the log announced it; return the roles. Also heals a crash.

    Under the log's lock: another command that opens the station finishes the same rotation.
    """
    with kit.log.writing():
        return _finished(kit)


def _finished(kit: Kit) -> list[str]:
    folder, done = kit.root / "keys", []
    for role in keys.ROLES:
        waiting, beside = folder / f"{role}.{NEXT}.key", folder / f"{role}.{NEXT}.pub"
        current = kit.store.row("current_key", role=role)
        if not waiting.exists() or not beside.exists() or current is None:
            continue
        text = beside.read_text("ascii").strip()
        if text == current["public"]:
            keys.publish(folder, kit.station, role, keys.public_in(role, text))
            waiting.replace(folder / f"{role}.key")
            durable.sync_folder(folder)
            beside.unlink()
            done.append(role)
    return done


def install(kit: Kit, path: Path, root_key: Path | None, by: str) -> KeysListed:
    """Install a root's key list on the station and state it. The first one pins the root; later ones must follow it.

    `root_key`: the root's public key, as it came by another way than the list; needed the first time.
    Raises KeyProblem for a list that the pinned root did not sign, that is older, or that does not name this station's keys.
    """
    folder = kit.root / "keys"
    pinned = folder / ROOT
    trusted = _root(pinned if pinned.exists() else root_key, pinned)
    found = open_signed(path, [trusted])
    before = kit.store.row("newest_keylist")
    content = path.read_bytes()
    if before and found.version < before["version"]:
        raise KeyProblem(path=path, detail=f"密钥表第 {found.version} 版，比已安装的第 {before['version']} 版旧")
    if before and found.version == before["version"] and before["keylist"] != hashlib.sha256(content).hexdigest():
        raise KeyProblem(path=path, detail=f"与已安装的密钥表同为第 {found.version} 版而内容不同，请向根密钥保管人核实")
    own = [key for key in found.of("clip", kit.station) if keys.public_in("clip", key.key) == kit.sealer.public]
    if not own:
        raise KeyProblem(path=path, detail="密钥表中没有本站正在使用的片段密钥")
    if own[0].revoked:
        raise KeyProblem(path=path, detail="密钥表已吊销本站正在使用的片段密钥，请先更换密钥（keys rotate）")
    for ending in ("", *SIGNATURES):
        source = path.with_name(path.name + ending)
        if source.exists():
            durable.replace_with(folder / f"{LISTED}{ending}", source.read_bytes())
    # A list that a new root signs beside the old one hands the station over to the new root.
    durable.replace_with(pinned, minisign.PublicKey.parse(found.root).text.encode())
    body = KeysListed(version=found.version, root=found.root, keylist=kit.attachments.put(content))
    state(kit, [body], by)
    return body


def _root(path: Path | None, pinned: Path) -> minisign.PublicKey:
    if path is None:
        raise KeyProblem(path=pinned, detail="首次安装密钥表，请用 --root-key 给出根公钥")
    try:
        return minisign.PublicKey.parse(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise KeyProblem(path=path, detail="不是 minisign 公钥") from error


def _key_id(role: str, public: bytes, text: str) -> str:
    if role == "clip":
        return keys.key_id(public)
    return NoteKey.parse(text, COSIGNATURE if role == "witness" else ED25519).id.hex()
