"""Key lists as files: `keylist.json` and its minisign signatures beside it; and what a reader remembers of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from avrecord import durable
from avrecord.errors import KeyProblem
from avrecord.model.finding import Finding
from avrecord.model.trust import KeyList
from avrecord.seal import keylist, minisign
from avrecord.seal.keylist import BadKeyList

LISTED, ROOT = "keylist.json", "root.pub"
SIGNATURES = (".minisig", ".previous.minisig")
"""By the root that the list names, and by the one before it when the root changed."""
SEEN = ".seen"
LARGEST = 8 << 20


def open_signed(path: Path, roots: list[minisign.PublicKey]) -> KeyList:
    """A key list file that one of `roots` signed. Raises KeyProblem."""
    try:
        if path.stat().st_size > LARGEST:
            raise KeyProblem(path=path, detail="文件过大")
        texts = [
            beside.read_text("utf-8")
            for ending in SIGNATURES
            if (beside := path.with_name(path.name + ending)).exists() and beside.stat().st_size < LARGEST
        ]
        return keylist.open_list(path.read_bytes(), texts, roots)
    except (OSError, UnicodeDecodeError) as error:
        raise KeyProblem(path=path, detail="密钥表或其签名读不出") from error
    except BadKeyList as error:
        raise KeyProblem(path=path, detail=str(error)) from error


def read_for_audit(path: Path, root_key: Path) -> tuple[KeyList, list[Finding], bool]:
    """The auditor's list, checked against the newest one that this reader ever saw under that root key.

    Returns the list, KEYLIST_ROLLBACK findings, and whether it could be remembered (`<root key>.seen` beside the root key).
    """
    try:
        root = minisign.PublicKey.parse(root_key.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise KeyProblem(path=root_key, detail="不是 minisign 公钥") from error
    memory = root_key.with_name(root_key.name + SEEN)
    seen, digest, handed = _recall(memory)
    # Once a new root took over, the old one counts only beside it: in the list that handed over.
    found = open_signed(path, handed or [root])
    ours = hashlib.sha256(path.read_bytes()).hexdigest()
    findings = []
    if found.version < seen:
        detail = f"以前见过第 {seen} 版，这次给的是第 {found.version} 版"
        findings.append(Finding("KEYLIST_ROLLBACK", "keylist", None, str(seen), str(found.version), detail))
    elif found.version == seen and ours != digest:
        detail = f"第 {seen} 版有两份内容不同的密钥表"
        findings.append(Finding("KEYLIST_ROLLBACK", "keylist", None, digest, ours, detail))
    if findings:
        return found, findings, True
    return found, [], _remember(memory, found, ours)


def _recall(memory: Path) -> tuple[int, str, list[minisign.PublicKey]]:
    try:
        kept = json.loads(memory.read_text("utf-8"))
        return int(kept["version"]), str(kept["sha256"]), [minisign.PublicKey.parse(kept["root"])]
    except FileNotFoundError:
        return 0, "", []
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise KeyProblem(path=memory, detail="记不清以前见过的密钥表版本，文件损坏；核实后删除它再试") from error


def _remember(memory: Path, found: KeyList, digest: str) -> bool:
    """False where the medium is read-only: the next run cannot tell a rollback, and the verdict says so."""
    content = json.dumps({"version": found.version, "sha256": digest, "root": found.root})
    try:
        durable.replace_with(memory, content.encode())
    except OSError:
        return False
    return True
