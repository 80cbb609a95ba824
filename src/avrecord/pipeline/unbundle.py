"""Verifying a bag without any station: on an auditor's desk, with the keys that the auditor holds.

Trust is never taken from the bag unless asked, and then the verdict says so. Steps:
1. the tag manifest is signed by the clip key; 2. every listed file is as listed and nothing else is there;
3. every statement is in the log whose checkpoint the log key signed; 4. every clip is what a statement
names, and sealed by the key that signs clips.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from avrecord.durable import read_small
from avrecord.errors import BadInput, LogBroken
from avrecord.ledger.bag import MANIFEST, TAG_MANIFEST, digest_of, files, read_manifest
from avrecord.model.finding import Finding, Verification
from avrecord.model.moments import utc_text
from avrecord.model.statement import ClipRemoved, ClipSeenAgain, Taken
from avrecord.model.trust import Interval, KeyList
from avrecord.pipeline.bundle import SIGNATURE
from avrecord.pipeline.standing import Demand, standing
from avrecord.rules.trusting import objection
from avrecord.seal import keylist, minisign, note, sshsig
from avrecord.seal.codec import decode
from avrecord.seal.keys import origin_of
from avrecord.seal.merkle import leaf_hash
from avrecord.seal.note import BadNote, Checkpoint, NoteKey
from avrecord.seal.policy import NONE, Policy
from avrecord.seal.proof import BadProof, LogProof, root_of
from avrecord.seal.verify import ALWAYS, DIGEST, Leaf, check_seal
from avrecord.vault.folder import SEAL_ENDING
from avrecord.words import NO_EXTERNAL_REFERENCE

SIGNER = re.compile(r"(ssh-ed25519 \S+)")
LARGEST_TEXT, LARGEST_ENTRY, LARGEST_MANIFEST = 4 << 20, 65_535, 256 << 20


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys that the reader trusts: clip keys (32 bytes each), the logs, a policy for witnesses, a root's key list."""

    clip_keys: tuple[bytes, ...]
    logs: tuple[NoteKey, ...]
    policy: Policy | None
    from_bag: bool
    keys: KeyList | None = None
    revoked_logs: Mapping[NoteKey, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    """About the auditor's own list: that it expired."""
    by_log: Mapping[str, Policy] = field(default_factory=dict)
    """With a key list and no policy: what counts as a witness for each log. A station is no witness of its own."""

    def policy_for(self, origin: str) -> Policy | None:
        """Who must have cosigned a log's checkpoints."""
        return self.policy or self.by_log.get(origin)


def read_trust(bag: Path, signers: Path | None, demand: Demand, trust_bag: bool) -> Trust:
    """Keys from the auditor's files, or from the bag when that was asked for. Raises BadInput otherwise."""
    if demand.keys:
        stations = {key.station for key in demand.keys.of("log")}
        stands = {station: standing(station, (), demand) for station in sorted(stations)}
        logs = tuple(key for each in stands.values() for key in (*each.logs, *each.revoked_logs))
        by_log = {origin_of(station): each.policy for station, each in stands.items() if each.policy}
        clip_keys = tuple(keylist.public_of(key) for key in demand.keys.of("clip"))
        revoked = {key: before for each in stands.values() for key, before in each.revoked_logs.items()}
        stale = next((tuple(each.findings) for each in stands.values()), ())
        return Trust(
            clip_keys, logs, demand.policy, from_bag=False, keys=demand.keys,
            revoked_logs=revoked, findings=stale, by_log=by_log,
        )  # fmt: skip
    if signers and demand.policy:
        return Trust(_clip_keys(signers), demand.policy.logs, demand.policy, from_bag=False)
    if not trust_bag:
        detail = (
            "未提供核验用的公钥。请用 --key-list 和 --root-key，或 --signers 和 --policy 给出；"
            "若只想看包内是否自洽，加 --trust-bundle"
        )
        raise BadInput(path=bag, detail=detail)
    try:
        logs = tuple(NoteKey.parse(line) for line in _text(bag / "trust" / "log.vkey").split())
    except BadNote as error:
        raise BadInput(path=bag / "trust" / "log.vkey", detail=f"不是日志公钥（{error}）") from error
    return Trust(_clip_keys(bag / "trust" / "allowed_signers"), logs, None, from_bag=True)


def verify_bundle(bag: Path, trust: Trust) -> Verification:
    """All findings of a bag. Nothing that was not read is OK; a station is not needed.

    Raises BadInput when the folder is no bag of ours at all.
    """
    if not (bag / TAG_MANIFEST).is_file():
        raise BadInput(path=bag, detail="不是资料包（没有 tagmanifest-sha256.txt）")
    findings = [*_signed(bag, trust), *_listed(bag)]
    statements, removed, found = _statements(bag, trust)
    findings += found + list(trust.findings)
    covered = max((each.leaf.index + 1 for each in statements.values() if each.covered), default=0)
    clips = [path for path in files(bag) if path.startswith("data/clips/") and not path.endswith(SEAL_ENDING)]
    read = 0
    for path in clips:
        size, found = _clip(bag, path, statements, trust)
        read += size
        findings += found
    present = {path.removeprefix("data/clips/") for path in clips}
    for stored, each in sorted(statements.items()):
        if stored not in present and each.leaf.body.clip in removed:
            index, rule = removed[each.leaf.body.clip]
            findings.append(Finding("REMOVED_BY_RULE", stored, index, each.leaf.body.clip, None, rule))
        elif stored not in present:
            findings.append(Finding("MISSING", stored, each.leaf.index, each.leaf.body.clip, None, "记录中有这个片段，包里没有"))
    if not covered:
        findings.append(Finding("NO_EXTERNAL_REFERENCE", "log", detail=NO_EXTERNAL_REFERENCE))
        if trust.policy and trust.policy.quorum != NONE:
            findings.append(Finding("QUORUM_NOT_MET", "log", detail="包内检查点没有满足核验策略的见证签名"))
    return Verification(
        tuple(findings), _log_size(bag), len(statements), len(clips), read, covered, key_approved=not trust.from_bag
    )


def _log_size(bag: Path) -> int:
    """The size that the bag's proofs speak of; 0 where none can be read. Said, not proved: for the reader."""
    for path in sorted((bag / "proofs").glob("*.tlog-proof")):
        try:
            return Checkpoint.claimed(LogProof.parse(_text(path)).checkpoint).size
        except (BadNote, BadProof, BadInput, ValueError):
            continue
    return 0


def _signed(bag: Path, trust: Trust) -> list[Finding]:
    content = _manifest(bag)
    try:
        text = read_small(bag / SIGNATURE, LARGEST_TEXT).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return [Finding("UNSIGNED", TAG_MANIFEST, detail="清单没有签名")]
    if text.split("\n")[0] != minisign.UNTRUSTED:  # the one line that no signature covers
        return [Finding("MALFORMED", SIGNATURE, detail="签名文件的首行被改动")]
    for key in trust.clip_keys:
        try:
            minisign.verify(minisign.PublicKey.of(key), content, text)
        except minisign.BadSignature:
            continue
        return []
    return [Finding("BAD_SIGNATURE", TAG_MANIFEST, detail="清单签名不符，或签名的不是可信的密钥")]


def _manifest(bag: Path) -> bytes:
    try:
        return read_small(bag / TAG_MANIFEST, LARGEST_MANIFEST)
    except OSError as error:
        raise BadInput(path=bag / TAG_MANIFEST, detail="读不出") from error


def _listed(bag: Path) -> list[Finding]:
    """Every listed file against its digest, and every file against the lists."""
    found, listed = [], {TAG_MANIFEST: "", SIGNATURE: ""}
    for name in (TAG_MANIFEST, MANIFEST):
        try:
            entries = read_manifest(read_small(bag / name, LARGEST_MANIFEST))
        except (OSError, ValueError) as error:
            found.append(Finding("MALFORMED", name, detail=f"清单读不懂（{type(error).__name__}）"))
            continue
        listed |= entries
        misplaced = sorted(path for path in entries if path.startswith("data/") != (name == MANIFEST))
        found += [Finding("MALFORMED", path, detail="列在不该列它的清单中") for path in misplaced]
        found += [finding for path, digest in sorted(entries.items()) if (finding := _against(bag, path, digest))]
    return found + [Finding("EXTRA", path, detail="清单中没有这个文件") for path in files(bag) if path not in listed]


def _against(bag: Path, path: str, digest: str) -> Finding | None:
    try:
        actual = digest_of(bag / path)
    except FileNotFoundError:
        return Finding("MISSING", path, None, digest, None, "清单中有，文件不在")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or "读取失败"
        return Finding("UNREADABLE", path[:200].replace("\0", "?"), detail=reason)
    return None if actual == digest else Finding("ALTERED", path, None, digest, actual, "内容与清单不符")


@dataclass(frozen=True, slots=True)
class _Proved:
    """A leaf that seals a clip, and what its own proof shows: by whose log, who saw it, and what speaks against the log key.

    Never pooled over a bag: one genuine proof beside a thief's own log would lend it its witness.
    """

    leaf: Leaf
    origin: str
    seen_at: tuple[str, ...] = ()
    covered: bool = False
    revoked: str = ""

    @property
    def interval(self) -> Interval:
        return Interval(not_after=min(self.seen_at, default=None))


Removed = dict[str, tuple[int, str]]
"""By clip: the proved leaf that says that its station removed it by rule, and the rule."""


def _statements(bag: Path, trust: Trust) -> tuple[dict[str, _Proved], Removed, list[Finding]]:
    """Proved leaves by stored path. All of one log: a bag is one station's."""
    removed: Removed = {}
    proved, found, roots = dict[str, _Proved](), list[Finding](), dict[tuple[str, int], bytes]()
    for path in (path for path in files(bag) if path.startswith("data/statements/")):
        try:
            entry = read_small(bag / path, LARGEST_ENTRY)
            proof = LogProof.parse(_text(bag / "proofs" / f"{Path(path).stem}.tlog-proof"))
            checkpoint = _checked(entry, proof, trust)
            said = decode(entry, proof.index)
            body = said.body
            sealed = (
                _with_witness(Leaf(proof.index, said.at, body), proof, checkpoint, trust) if isinstance(body, Taken) else None
            )
        except (BadNote, BadProof, BadInput, LogBroken, OSError, ValueError, OverflowError) as error:
            found.append(Finding("PROOF_INVALID", path, detail=f"不能证明在日志中（{str(error)[:80]}）"))
            continue
        if any(origin != checkpoint.origin for origin, _ in roots):
            found.append(Finding("PROOF_INVALID", path, detail="资料包里的记录来自两个日志"))
            continue
        if roots.setdefault((checkpoint.origin, checkpoint.size), checkpoint.root) != checkpoint.root:
            found.append(Finding("LOG_FORK", "log", checkpoint.size, detail="同一长度有两个签过名的检查点"))
        if isinstance(body, ClipRemoved) and body.place == "vault":
            removed[body.clip] = proof.index, body.rule
        elif isinstance(body, ClipSeenAgain):
            removed.pop(body.clip, None)
        if sealed and DIGEST.fullmatch(sealed.leaf.body.clip):
            proved[sealed.leaf.body.stored] = sealed
        elif sealed:
            found.append(Finding("MALFORMED", path, proof.index, detail="封存记录的摘要不成样子"))
    return proved, removed, found


def _checked(entry: bytes, proof: LogProof, trust: Trust) -> Checkpoint:
    """The checkpoint that proves an entry. Raises BadNote or BadProof unless it is in a trusted log."""
    checkpoint = Checkpoint.parse(note.open_note(proof.checkpoint, list(trust.logs)))
    if checkpoint.origin not in {key.name for key in trust.logs}:
        raise BadNote("another log")
    if root_of(proof.index, checkpoint.size, leaf_hash(entry), proof.path) != checkpoint.root:
        raise BadProof("another root")
    return checkpoint


def _with_witness(leaf: Leaf, proof: LogProof, checkpoint: Checkpoint, trust: Trust) -> _Proved:
    policy, seen = trust.policy_for(checkpoint.origin), tuple[str, ...]()
    covered = False
    if policy and policy.quorum != NONE:
        times = note.cosignatures(proof.checkpoint, list(policy.witnesses.values())).values()
        seen = tuple(utc_text(datetime.fromtimestamp(at, UTC)) for at in times)
        covered = policy.met(policy.signed(proof.checkpoint))
    revoked = ""
    for key, before in trust.revoked_logs.items():
        if note.is_signed_by(proof.checkpoint, key) and not (seen and all(at < before for at in seen)):
            revoked = f"检查点由已吊销的日志密钥签名，且没有早于 {before[:19]}Z 的见证"
    return _Proved(leaf, checkpoint.origin, seen, covered and not revoked, revoked)


def _clip(bag: Path, path: str, statements: dict[str, _Proved], trust: Trust) -> tuple[int, list[Finding]]:
    stored = path.removeprefix("data/clips/")
    if stored not in statements:
        return 0, [Finding("NOT_IN_LOG", stored, detail="包里没有证明封存了它的记录")]
    proved = statements[stored]
    index, said = proved.leaf.index, proved.leaf.body
    try:
        digest, size = digest_of(bag / path), (bag / path).stat().st_size
        seal = read_small(bag / f"{path}{SEAL_ENDING}", LARGEST_TEXT).decode("ascii")
    except FileNotFoundError:
        return 0, [Finding("UNSIGNED", stored, index, detail="签名文件不在")]
    except (OSError, UnicodeDecodeError) as error:
        return 0, [Finding("UNREADABLE", stored, index, detail=type(error).__name__)]
    found = []
    if digest != said.clip:
        found.append(Finding("ALTERED", stored, index, said.clip, digest, "内容与封存时不符"))
    wrong = check_seal(seal, bytes.fromhex(said.clip), index, dict.fromkeys(trust.clip_keys, ALWAYS), stored)
    if wrong is None and trust.keys:
        wrong = _by_list(seal, stored, proved, trust.keys)
    if wrong is None and proved.revoked:
        wrong = Finding("REVOKED_KEY", stored, index, detail=proved.revoked)
    if wrong:
        found.append(wrong)
    verdict = found or [Finding("OK" if proved.covered else "OK_UNWITNESSED", stored, index)]
    return size, [replace(each, not_after=proved.interval.not_after) for each in verdict]


def _by_list(seal: str, stored: str, proved: _Proved, keys: KeyList) -> Finding | None:
    """What the root's key list says of the key that sealed this clip."""
    public = sshsig.parse(seal).public
    listed = next(key for key in keys.of("clip") if keylist.public_of(key) == public)
    leaf = proved.leaf
    if origin_of(listed.station) != proved.origin:
        return Finding("WRONG_KEY", stored, leaf.index, detail=f"这是采集站 {listed.station} 的密钥")
    found = objection(listed, leaf.index, leaf.at, proved.interval)
    return Finding(found[0], stored, leaf.index, detail=found[1]) if found else None


def _clip_keys(signers: Path) -> tuple[bytes, ...]:
    try:
        keys = tuple(sshsig.public_of(line) for line in SIGNER.findall(_text(signers)))
    except sshsig.Malformed as error:
        raise BadInput(path=signers, detail=f"公钥不可用（{error}）") from error
    if not keys:
        raise BadInput(path=signers, detail="没有可用的 ssh-ed25519 公钥")
    return keys


def _text(path: Path) -> str:
    try:
        return read_small(path, LARGEST_TEXT).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path=path, detail="读不出") from error
