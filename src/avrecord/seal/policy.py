"""What an auditor demands of a checkpoint (C2SP tlog-policy): logs, witnesses, groups, a quorum.

The auditor holds this file; a station cannot loosen it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from avrecord.errors import BadInput
from avrecord.seal.note import COSIGNATURE, BadNote, NoteKey, cosignatures

NONE = "none"
COMMENT = re.compile(r"(^|[ \t])#.*")
"""From a `#` that begins a word to the line's end. Within a word it belongs to the word: a name, a URL's fragment."""
BLANK = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Policy:
    """Log keys, witness keys by name, groups (needed, members), and the name that must be met."""

    logs: tuple[NoteKey, ...]
    witnesses: dict[str, NoteKey]
    groups: dict[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def signed(self, note: str) -> set[str]:
        """The witnesses, by the policy's own names, whose cosignature a note carries. Raises BadNote when one fails.

        Each key is asked for alone: two witnesses may bear the same name in their keys and still be two.
        """
        return {own for own, key in self.witnesses.items() if cosignatures(note, [key])}

    def met(self, signed: set[str]) -> bool:
        """Whether cosignatures by these witness keys (by the policy's own names) satisfy the quorum."""
        good = signed & self.witnesses.keys()
        for name, (needed, members) in self.groups.items():  # in the file's order: members stand above their group
            if sum(member in good for member in members) >= needed:
                good.add(name)
        return self.quorum == NONE or self.quorum in good


def read_policy(path: Path) -> Policy:
    """Read a policy file. Raises BadInput naming the line that is not understood."""
    try:
        text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")  # auditors write it on Windows
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path=path, detail="读不出") from error
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in BLANK.split(COMMENT.sub("", line)) if word]
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
        if text not in map(str, range(1, len(members) + 1)):
            raise ValueError(f"组内数量不对：{text}")
        return int(text)

    def _once(self, members: list[str]) -> tuple[str, ...]:
        """Members are defined above and belong to one group each."""
        for member in members:
            if not self._known(member) or member in self._members:
                raise ValueError(f"成员未定义或重复：{member}")
            self._members.add(member)
        return tuple(members)
