"""What an auditor or a court receives for a case: clips, statements, seals and proofs in a bag of its own.

Keys inside a bag prove nothing: whoever made the bag may have made them. VERIFY.txt says so.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from avrecord import __version__
from avrecord.errors import CannotWrite, UnknownName
from avrecord.ledger.bag import TAG_MANIFEST, close_bag
from avrecord.model.clip import Clip
from avrecord.model.moments import beijing
from avrecord.model.statement import Body, ExportMade
from avrecord.pipeline.footing import assert_outside
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.pipeline.witnessing import best_checkpoint
from avrecord.seal.codec import decode
from avrecord.seal.minisign import public_text
from avrecord.seal.note import Checkpoint
from avrecord.seal.proof import Hashes, LogProof, hashes_of, inclusion
from avrecord.vault.folder import SEAL_ENDING

Tree = tuple[int, Hashes]
SIGNATURE = f"{TAG_MANIFEST}.minisig"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was made: where, how many clips and statements, and the tag manifest's digest."""

    folder: Path
    clips: int
    statements: int
    digest: str


def make_bundle(case_no: str, out: Path, by: str, kit: Kit) -> Bundle:
    """Write a case's bag to `out`, which must not exist yet. States the export.

    Raises UnknownName for an unknown case, CannotWrite when `out` is there or cannot be made. A clip
    that the vault altered or lost goes in as it is: the bag's verification says so.
    """
    assert_outside(out, kit)
    stages = kit.records.stages(case_no=case_no)
    if not stages:
        raise UnknownName(what="案件", name=case_no)
    if out.exists():
        raise CannotWrite(path=out, detail="已存在")
    clips = {clip.id.hex: clip for stage in stages for clip, _ in kit.records.linked(stage.id)}
    try:
        (out / "data" / "clips").mkdir(parents=True)
        for clip in clips.values():
            _copy_clip(clip, out, kit)
        statements = put_statements(lambda body: _is_about(body, case_no, clips), out, kit)
        _evidence(clips.values(), out, kit)
        put_trust(out, kit)
        content = sign_bag(out, f"bundle {case_no}", info(case_no, kit), kit)
    except OSError as error:
        raise CannotWrite(path=out, detail=error.strerror or str(error)) from error
    digest = hashlib.sha256(content).hexdigest()
    state(kit, [ExportMade(what="bundle", rows=len(clips), file=digest)], by)
    return Bundle(out, len(clips), statements, digest)


def _copy_clip(clip: Clip, out: Path, kit: Kit) -> None:
    source, target = kit.vault.path(clip.stored), out / "data" / "clips" / clip.stored
    target.parent.mkdir(parents=True, exist_ok=True)
    for ending in ("", SEAL_ENDING):
        from_path = source.with_name(source.name + ending)
        if from_path.is_file() and not from_path.is_symlink():
            shutil.copyfile(from_path, target.with_name(target.name + ending))


def sign_bag(out: Path, what: str, about: Mapping[str, str], kit: Kit) -> bytes:
    """Close a bag and sign its tag manifest with the clip key; return the tag manifest."""
    content = close_bag(out, about)
    comment = f"avrecord {what} {hashlib.sha256(content).hexdigest()}"
    (out / SIGNATURE).write_text(kit.sealer.minisign(content, comment), "utf-8")
    return content


def _is_about(body: Body, case_no: str, clips: Collection[str]) -> bool:
    return getattr(body, "clip", None) in clips or getattr(body, "case", None) == case_no


def put_statements(is_about: Callable[[Body], bool], out: Path, kit: Kit) -> int:
    """Leaves that a bag is about, each as its stored bytes with a proof; return how many."""
    count = 0
    (out / "data" / "statements").mkdir(parents=True)
    (out / "proofs").mkdir()
    trees: dict[str, Tree] = {}
    for index, entry in kit.log.entries():
        body = decode(entry, index).body
        # The keys that signed stand in the first leaves; without them the chain has no beginning.
        if is_about(body) or body.kind == "key.changed":
            signed = best_checkpoint(kit, index)  # a witness covers what came before it, not its own anchor
            if signed not in trees:
                trees[signed] = _tree(signed, kit)
            size, hashes = trees[signed]
            (out / "data" / "statements" / f"{index:08d}.json").write_bytes(entry)
            proof = LogProof(index, tuple(inclusion(index, size, hashes)), signed)
            (out / "proofs" / f"{index:08d}.tlog-proof").write_text(proof.text, "utf-8")
            count += 1
    return count


def _tree(signed: str, kit: Kit) -> Tree:
    """Size and hashes of the tree that a checkpoint speaks of."""
    size = Checkpoint.claimed(signed).size
    return size, hashes_of(kit.log.folder, size)


def _evidence(clips: Iterable[Clip], out: Path, kit: Kit) -> None:
    """Evidence frames of what the check saw, by digest."""
    for clip in clips:
        examination = kit.records.examination(clip.id)
        for seen in examination.observations if examination else ():
            if seen.evidence and kit.attachments.path(seen.evidence).exists():
                folder = out / "data" / "evidence"
                folder.mkdir(exist_ok=True)
                (folder / f"{seen.evidence}.jpg").write_bytes(kit.attachments.get(seen.evidence))


def put_trust(out: Path, kit: Kit, signers: str = "", maker: str = "") -> None:
    """Convenience copies of the public keys, and how to check without our program.

    `signers`, `maker`: lines of `allowed_signers`, and who makes the bag, where that is not the station whose clips they are.
    """
    (out / "trust").mkdir()
    signers = signers or (kit.root / "keys" / "allowed_signers").read_text("utf-8")
    (out / "trust" / "allowed_signers").write_text(signers, "utf-8")
    (out / "trust" / "log.vkey").write_text("".join(f"{key.vkey}\n" for key in kit.log_keys), "ascii")
    (out / "trust" / "bag.pub").write_text(public_text(kit.sealer.public), "utf-8")
    about = {"station": kit.station, "fingerprint": kit.sealer.key_id, "log": kit.log_key.vkey}
    words = about | _maker(kit, maker)
    for name in ("VERIFY.txt", "verify.sh"):
        text = files("avrecord.ledger").joinpath("bundle", name).read_text("utf-8")
        for key, value in words.items():
            text = text.replace("{{" + key + "}}", value)
        (out / name).write_text(text, "utf-8")
    (out / "verify.sh").chmod(0o755)
    (out / "station.json").write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _maker(kit: Kit, maker: str) -> dict[str, str]:
    """Whose key signed the manifests, as VERIFY.txt says it."""
    if not maker:
        return {"maker": "，并由它导出", "maker_english": " and it exported the bag", "signer": "片段密钥"}
    return {
        "maker": f"，由市局 {maker} 从对象存储中的副本造包",
        "maker_english": f"; bureau {maker} made the bag from copies in its store",
        "signer": f"清单签名用的市局 {maker} 的片段密钥（片段封条用的是采集站的，见 trust/allowed_signers）",
    }  # fmt: skip


def info(identifier: str, kit: Kit) -> dict[str, str]:
    """What bag-info.txt says."""
    return {
        "Source-Organization": kit.settings.station.unit or kit.settings.station.name,
        "Bagging-Date": beijing(kit.clock(), "%Y-%m-%d"),
        "Bag-Software-Agent": f"avrecord {__version__}",
        "External-Identifier": identifier,
    }
