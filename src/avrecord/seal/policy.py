"""What an auditor demands of a checkpoint (C2SP tlog-policy): logs, witnesses, groups, a quorum.

The auditor holds this file; a station cannot loosen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from avrecord.errors import BadInput
from avrecord.seal.note import COSIGNATURE, BadNote, NoteKey

NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """Log keys, witness keys by name, groups (needed, members), and the name that must be met."""

    logs: tuple[NoteKey, ...]
    witnesses: dict[str, NoteKey]
    groups: dict[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def met(self, signed: set[str]) -> bool:
        """Whether cosignatures by these witness keys (by the policy's own names) satisfy the quorum."""
        return self.quorum == NONE or self._met(self.quorum, signed)

    def _met(self, name: str, signed: set[str]) -> bool:
        if name in self.witnesses:
            return name in signed
        needed, members = self.groups[name]
        return sum(self._met(member, signed) for member in members) >= needed


def read_policy(path: Path) -> Policy:
    """Read a policy file. Raises BadInput naming the line that is not understood."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path=path, detail="读不出") from error
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].split()
        try:
            if words:
                reader.line(words)
        except (ValueError, BadNote) as error:
            raise BadInput(path=path, detail=f"第 {number} 行：{error}") from error
    if reader.quorum is None:
        raise BadInput(path=path, detail="缺少 quorum 行")
    return Policy(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum)


class _Reader:
    def __init__(self) -> None:
        self.logs: list[NoteKey] = []
        self.witnesses: dict[str, NoteKey] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def line(self, words: list[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self.logs.append(self._new(NoteKey.parse(vkey)))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._name(name)
                self.witnesses[name] = self._new(NoteKey.parse(vkey, COSIGNATURE))
            case ["group", name, needed, *members] if members:
                self._name(name)
                self.groups[name] = (self._needed(needed, members), self._once(members))
            case ["quorum", name] if self.quorum is None and (name == NONE or self._known(name)):
                self.quorum = name
            case _:
                raise ValueError(f"不认识：{' '.join(words)}")

    def _new(self, key: NoteKey) -> NoteKey:
        if any(key.public == other.public for other in [*self.logs, *self.witnesses.values()]):
            raise ValueError("同一公钥出现两次")
        return key

    def _name(self, name: str) -> None:
        if self._known(name) or name == NONE:
            raise ValueError(f"名称重复：{name}")

    def _known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _needed(self, text: str, members: list[str]) -> int:
        if text in ("any", "all"):
            return 1 if text == "any" else len(members)
        needed = int(text) if text.isascii() and text.isdigit() else 0
        if not 1 <= needed <= len(members):
            raise ValueError(f"组内数量不对：{text}")
        return needed

    def _once(self, members: list[str]) -> tuple[str, ...]:
        """Members are defined above and belong to one group each."""
        for member in members:
            if not self._known(member) or member in self._members:
                raise ValueError(f"成员未定义或重复：{member}")
            self._members.add(member)
        return tuple(members)
