"""The vault's contract: copied and read back, never overwritten, stored once, nothing left behind.

Whatever stores clips has to pass these; `make_vault` is the only line that knows which one it is.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord import durable
from avrecord.errors import CardGone, CardReadError, NameTaken, NoSpace, ReadBackFailed
from avrecord.vault import folder
from avrecord.vault.folder import BLOCK, SECTOR, Copied, FolderVault
from avrecord.vault.names import safe_path
from conftest import pattern

WANTED = PurePosixPath("2026-11-21/Z3A0017/VIDEO/090000.mp4")


@dataclass
class Memory:
    """A card's file, with sectors that cannot be read and, if told so, an early goodbye."""

    content: bytes
    bad: frozenset[int] = field(default_factory=frozenset)
    gone_at: int | None = None

    def read(self, at: int, length: int) -> bytes:
        if self.gone_at is not None and at + length > self.gone_at:
            raise CardGone(card="Z3A0017")
        end = min(at + length, len(self.content))
        if any(max(at, sector * SECTOR) < min(end, (sector + 1) * SECTOR) for sector in self.bad):
            raise CardReadError(card="Z3A0017", detail="Input/output error")
        return self.content[at : at + length]


@pytest.fixture
def make_vault(tmp_path) -> Callable[..., FolderVault]:
    return lambda reserve=0: FolderVault(tmp_path / "vault", tmp_path / "incoming", reserve)


@pytest.fixture
def vault(make_vault) -> FolderVault:
    return make_vault()


def copied(vault: FolderVault, content: bytes, ticket: str = "ticket") -> Copied:
    return vault.copy(Memory(content), len(content), ticket)


def placed(vault: FolderVault, content: bytes, wanted: PurePosixPath = WANTED, seal: str = "seal\n") -> str:
    return vault.place(copied(vault, content), wanted, seal, lambda stored: None)


def everything(vault: FolderVault) -> dict[str, bytes]:
    return {stored: vault.path(stored).read_bytes() for stored, _ in vault.stored()}


@pytest.mark.parametrize("size", [0, 1, SECTOR, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 4097])
def test_a_copy_has_the_sources_bytes_and_digest(vault, size):
    content = pattern(size)
    found = copied(vault, content)
    assert found.part.read_bytes() == content
    assert (found.id.hex, found.size, found.unreadable) == (hashlib.sha256(content).hexdigest(), size, 0)
    assert found.read_back in ("direct", "uncached", "cached")


def test_a_copy_tells_how_far_it_is(vault):
    seen: list[int] = []
    vault.copy(Memory(pattern(2 * BLOCK + 5)), 2 * BLOCK + 5, "ticket", seen.append)
    assert seen == [BLOCK, 2 * BLOCK, 2 * BLOCK + 5]


def test_a_file_that_became_shorter_is_copied_as_long_as_it_is(vault):
    found = vault.copy(Memory(b"short"), 5000, "ticket")
    assert (found.size, found.part.read_bytes()) == (5, b"short")


def test_a_part_that_a_crash_left_behind_is_written_over(vault):
    copied(vault, pattern(9000), "same")
    found = copied(vault, b"short", "same")
    assert found.part.read_bytes() == b"short"
    assert [path.name for path in vault.incoming.iterdir()] == ["same.part"]


def test_a_part_file_that_is_a_link_is_not_followed(vault, tmp_path):
    (tmp_path / "victim").write_bytes(b"untouched")
    (vault.incoming / "ticket.part").symlink_to(tmp_path / "victim")
    assert copied(vault, b"footage").part.read_bytes() == b"footage"
    assert not (vault.incoming / "ticket.part").is_symlink()
    assert (tmp_path / "victim").read_bytes() == b"untouched"


def test_bytes_that_came_back_from_the_disk_otherwise_are_refused(vault, monkeypatch):
    real = folder.read_back

    def flipped(path: Path) -> tuple[str, str]:
        content = bytearray(path.read_bytes())
        content[1234] ^= 1
        path.write_bytes(content)
        return real(path)

    monkeypatch.setattr(folder, "read_back", flipped)
    with pytest.raises(ReadBackFailed):
        copied(vault, pattern(9000))
    assert everything(vault) == {}


def test_one_bad_sector_is_kept_as_zeros_and_counted(vault):
    content = pattern(3 * BLOCK)
    bad = BLOCK // SECTOR + 7
    found = vault.copy(Memory(content, frozenset({bad})), len(content), "ticket")
    expected = content[: bad * SECTOR] + bytes(SECTOR) + content[(bad + 1) * SECTOR :]
    assert found.part.read_bytes() == expected
    assert (found.unreadable, found.id.hex) == (SECTOR, hashlib.sha256(expected).hexdigest())


def test_a_bad_last_sector_is_as_long_as_the_file_says(vault):
    content = pattern(SECTOR + 100)
    found = vault.copy(Memory(content, frozenset({1})), len(content), "ticket")
    assert found.part.read_bytes() == content[:SECTOR] + bytes(100)
    assert found.unreadable == 100


def test_a_card_that_fails_everywhere_is_not_nursed(vault):
    with pytest.raises(CardReadError):
        vault.copy(Memory(pattern(BLOCK), frozenset(range(BLOCK // SECTOR))), BLOCK, "ticket")


def test_a_card_pulled_while_copying_gives_no_clip(vault):
    with pytest.raises(CardGone):
        vault.copy(Memory(pattern(3 * BLOCK), gone_at=2 * BLOCK), 3 * BLOCK, "ticket")
    assert everything(vault) == {}


def test_the_reserve_is_never_touched(make_vault):
    vault = make_vault(reserve=make_vault().free() + (1 << 40))
    with pytest.raises(NoSpace):
        copied(vault, b"one byte is too much")
    assert list(vault.incoming.iterdir()) == []


@pytest.mark.parametrize("call", ["posix_fallocate", "write", "fsync"])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_while_copying_leaves_nothing_behind(vault, monkeypatch, call, reason):
    def full(*arguments: object) -> int:
        raise OSError(reason, os.strerror(reason))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(NoSpace):
            copied(vault, pattern(9000))
    assert list(vault.incoming.iterdir()) == []


def test_a_placed_clip_lies_under_its_name_with_its_seal_and_cannot_be_written(vault):
    stored = placed(vault, b"footage")
    assert everything(vault) == {stored: b"footage", f"{stored}.sig": b"seal\n"}
    assert stored == WANTED.as_posix()
    assert {vault.path(name).stat().st_mode & 0o777 for name in (stored, f"{stored}.sig")} == {0o440}
    assert list(vault.incoming.iterdir()) == []


def test_a_clip_has_its_intent_before_its_name_and_claims_the_name_before_it_is_sealed(vault):
    found = copied(vault, b"footage")
    order: list[str] = []
    real = durable.rename_new

    def rename(source: Path, target: Path) -> None:
        real(source, target)
        order.append(target.name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "rename_new", rename)
        vault.place(found, WANTED, "seal\n", lambda stored: order.append(f"intent {len(everything(vault))}"))
    assert order == ["intent 0", "090000.mp4", "090000.mp4.sig"]
    assert vault.path(f"{WANTED}.sig").exists()


def test_other_bytes_of_the_same_name_are_stored_beside_the_first(vault):
    first, second = placed(vault, b"first"), placed(vault, b"second", seal="other\n")
    digest = hashlib.sha256(b"second").hexdigest()[:12]
    assert second == f"2026-11-21/Z3A0017/VIDEO/090000-{digest}.mp4"
    assert everything(vault) == {first: b"first", f"{first}.sig": b"seal\n", second: b"second", f"{second}.sig": b"other\n"}


def test_the_same_bytes_under_the_same_name_are_stored_once(vault):
    first = placed(vault, b"footage")
    inode = vault.path(first).stat().st_ino
    assert placed(vault, b"footage", seal="another seal\n") == first
    assert (vault.path(first).stat().st_ino, len(everything(vault))) == (inode, 2)
    assert list(vault.incoming.iterdir()) == []


def test_the_same_bytes_under_a_taken_name_are_stored_once(vault):
    placed(vault, b"first")
    assert placed(vault, b"second") == placed(vault, b"second")
    assert len(everything(vault)) == 4


def test_a_name_is_never_taken_twice_even_by_a_file_that_carries_the_digest(vault):
    placed(vault, b"first")
    digest = hashlib.sha256(b"second").hexdigest()[:12]
    vault.path(f"2026-11-21/Z3A0017/VIDEO/090000-{digest}.mp4").write_bytes(b"a stranger")
    before = everything(vault)
    second = placed(vault, b"second")
    assert everything(vault) == before | {second: b"second", f"{second}.sig": b"seal\n"}


def test_a_seal_that_lies_on_a_card_does_not_become_a_seal_of_ours(vault):
    clip = placed(vault, b"footage", safe_path("VIDEO/a.mp4"), "our seal\n")
    foreign = placed(vault, b"forged seal", safe_path("VIDEO/a.mp4.sig"))
    assert vault.path(f"{clip}.sig").read_bytes() == b"our seal\n"
    assert vault.path(foreign).read_bytes() == b"forged seal"


@pytest.mark.parametrize("stored", ["../a", "a/../../b", "/etc/passwd", "..", "a/..", "/"])
def test_no_stored_path_leads_out_of_the_vault(vault, stored):
    with pytest.raises(NameTaken):
        vault.path(stored)


@given(st.text(alphabet="./a\\", max_size=12))
@settings(max_examples=100)
def test_whatever_a_log_says_the_vault_stays_in_its_folder(stored):
    vault = object.__new__(FolderVault)
    vault.root = Path("/srv/station/vault")
    try:
        found = vault.path(stored)
    except NameTaken:
        return
    assert os.path.normpath(found).startswith("/srv/station/vault")


def test_every_file_in_the_vault_is_listed_in_a_stable_order(vault):
    for name in ("b/2.mp4", "a/1.mp4", "b/1.mp4"):
        placed(vault, b"film " + name.encode(), PurePosixPath(name))
    clips = ["a/1.mp4", "b/1.mp4", "b/2.mp4"]
    assert list(vault.stored()) == [entry for clip in clips for entry in ((clip, 12), (f"{clip}.sig", 5))]
