"""A station's log at the bureau: proved before it is believed, once, whatever order it comes in; a second past freezes it."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from avrecord import station as stations
from avrecord.bureau import ingest as room
from avrecord.bureau.ingest import Published, ingest, lift
from avrecord.errors import EvidenceError, LogBroken, StationFrozen
from avrecord.model import statement as say
from avrecord.pipeline.record import state
from avrecord.seal import note
from avrecord.seal.codec import decode
from avrecord.seal.note import Checkpoint, NoteKey
from avrecord.seal.witness import Witness
from avrecord.store.sqlite import Store
from avrecord.vault.attachments import Attachments
from conftest import NOW, pattern
from contract.test_rebuild import lived, replayed, tables

BUREAU = "bureau.example/witness"


class Bureau:
    """A witness, an index and a folder of its own; `take` is one round over a station's files as they lie."""

    def __init__(self, folder: Path, kit) -> None:
        self.folder, self.kit = folder, kit
        self.index = Store(folder / "index.db")
        self.key = kit.witness_key
        self.trusted = NoteKey(kit.log_keys[0].name, kit.log_keys[0].public)

    def published(self, root: Path) -> Published:
        return Published(self.kit.station, root / "log", Attachments(root / "attachments"), [self.trusted])

    def witness(self) -> Witness:
        return Witness(self.folder / "witness", self.key, BUREAU, [self.trusted], lambda: int(NOW.timestamp()))

    def take(self, root: Path):
        return ingest(self.published(root), self.index, self.witness(), self.folder / "state")


@pytest.fixture
def bureau(lived, tmp_path):
    (tmp_path / "bureau").mkdir()
    made = Bureau(tmp_path / "bureau", lived)
    yield made
    made.index.close()


def copied(root: Path, to: Path) -> Path:
    """What a store would hold of a station now."""
    for name in ("log", "attachments"):
        shutil.copytree(root / name, to / name, dirs_exist_ok=True)
    return to


def say_more(kit, count: int = 1) -> None:
    for n in range(count):
        state(kit, [say.ServiceStarted(version=f"more {kit.log.size} {n}")])


def test_what_was_published_is_proved_indexed_and_cosigned_once(bureau, lived, root, tmp_path):
    first = bureau.take(root)
    assert (first.outcome, first.size, first.indexed) == ("new", lived.log.size, lived.log.size)
    signed = bureau.witness().last_text(bureau.trusted.name)
    assert note.cosignatures(signed, [bureau.witness().verifier]) == {BUREAU: int(NOW.timestamp())}
    assert tables(bureau.index.path) == replayed(lived, tmp_path / "again.db")
    again = bureau.take(root)
    assert (again.outcome, again.indexed) == ("same", first.indexed)
    say_more(lived, 3)
    more = bureau.take(root)
    assert (more.outcome, more.size, more.indexed) == ("new", first.size + 3, first.size + 3)
    assert tables(bureau.index.path) == replayed(lived, tmp_path / "third.db")


def test_order_and_repetition_do_not_matter(bureau, lived, root, tmp_path):
    """Copies of the log at ten moments, offered in any order and again: the same index as the last one alone gives."""
    copies = []
    for n in range(10):
        say_more(lived, n % 3 + 1)
        copies.append(copied(root, tmp_path / f"copy{n}"))
    offered = copies * 2
    random.Random(7).shuffle(offered)
    largest = 0
    for copy in offered:
        size = Checkpoint.parse((copy / "log/checkpoint").read_text().partition("\n\n")[0] + "\n").size
        found = bureau.take(copied(copy, tmp_path / "store"))  # a store: newer tiles stay where older ones come again
        assert found.outcome == ("new" if size > largest else "same" if size == largest else "behind")
        largest = max(largest, size)
        assert (found.size, found.indexed) == (largest, largest)
    assert tables(bureau.index.path) == replayed(lived, tmp_path / "again.db")


def test_a_station_that_goes_on_from_an_old_image_is_caught_and_both_texts_are_kept(bureau, lived, root, tmp_path):
    bureau.take(root)
    image = tmp_path / "image"
    shutil.copytree(root, image, ignore=shutil.ignore_patterns("*.db*", "vault"))
    say_more(lived, 4)
    known = bureau.take(root)
    restored = stations.open_station(image, clock=lambda: NOW)
    assert bureau.take(image).outcome == "behind", "restored, and nothing said yet"
    say_more(restored, 2)
    with pytest.raises(
        LogBroken
    ):  # two leaves of another past, and the files to tell are not there: neither believed nor accused
        bureau.take(image)
    say_more(restored, 3)
    with pytest.raises(StationFrozen, match="与以前见过的不同") as caught:
        bureau.take(image)
    assert caught.value.exit_code == 13
    texts = [(bureau.folder / "state" / name).read_text("utf-8") for name in ("frozen.seen", "frozen.found")]
    heads = [Checkpoint.parse(note.open_note(text, [bureau.trusted])) for text in texts]
    assert heads[0].size == known.size < heads[1].size, "both are signed by the station's own key: proof for anybody"
    assert bureau.index.row("projected") == {"size": known.size}, "nothing of the other past is indexed"
    with pytest.raises(StationFrozen):
        bureau.take(root)  # not even the right one, until a person has looked
    lift(bureau.published(root), bureau.folder / "state", "SJ1")
    assert bureau.take(root).outcome == "same"
    assert (bureau.folder / "state" / "lifted-1-SJ1.frozen.found").exists()
    with pytest.raises(StationFrozen):
        bureau.take(image)
    lift(bureau.published(root), bureau.folder / "state", "SJ1")
    assert len(list((bureau.folder / "state").glob("lifted-*"))) == 6, "what was kept the first time is kept"
    restored.store.close()


def test_two_checkpoints_of_one_size_are_a_fork_whatever_the_files_say(bureau, lived, root, tmp_path):
    image = tmp_path / "image"
    shutil.copytree(root, image, ignore=shutil.ignore_patterns("*.db*", "vault"))
    say_more(lived)
    bureau.take(root)
    with closing(stations.open_station(image, clock=lambda: NOW).store):
        other = stations.open_station(image, clock=lambda: NOW)
        state(other, [say.ServiceStarted(version="another past")])
        other.store.close()
    shutil.copy(image / "log/checkpoint", tmp_path / "other")
    store = copied(root, tmp_path / "store")
    shutil.copy(tmp_path / "other", store / "log/checkpoint")
    with pytest.raises(StationFrozen, match="根却不同"):
        bureau.take(store)


@pytest.mark.parametrize("what", ["entry", "tile", "half"])
def test_files_that_do_not_fit_accuse_nobody_and_are_asked_again(bureau, lived, root, tmp_path, what):
    """A byte that the store changed, or an upload that is half there, is no second past of the station."""
    bureau.take(root)
    before = bureau.index.row("projected")
    say_more(lived, 2)
    store = copied(root, tmp_path / "store")
    size = lived.log.size
    path = {"entry": store / f"log/tile/entries/000.p/{size}", "tile": store / f"log/tile/0/000.p/{size}"}.get(what)
    if path:
        content = bytearray(path.read_bytes())
        content[len(content) // 2 if what == "entry" else 40] ^= 1
        path.write_bytes(content)
        if what == "entry":
            content = bytearray((root / f"log/tile/entries/000.p/{size}").read_bytes())
            content[-5] ^= 1
            path.write_bytes(content)
    else:
        (store / f"log/tile/entries/000.p/{size}").unlink()
    with pytest.raises(LogBroken):
        bureau.take(store)
    assert bureau.index.row("projected") == before
    assert bureau.take(root).outcome == "new"


def test_a_checkpoint_of_another_key_is_not_believed(bureau, lived, root, tmp_path):
    stations.create(tmp_path / "stranger", "station-01", "同名的另一个站")
    stranger = stations.open_station(tmp_path / "stranger", clock=lambda: NOW)
    say_more(stranger)
    stranger.store.close()
    store = copied(root, tmp_path / "store")
    shutil.copy(tmp_path / "stranger/log/checkpoint", store / "log/checkpoint")
    with pytest.raises(LogBroken, match="没有本局信任的日志公钥"):
        bureau.take(store)
    for content in (b"nonsense", b"\xff\xfe", b""):
        (store / "log/checkpoint").write_bytes(content)
        with pytest.raises(LogBroken):
            bureau.take(store)
    (store / "log/checkpoint").unlink()
    with pytest.raises(LogBroken, match="没有检查点"):
        bureau.take(store)
    assert bureau.index.row("projected") == {"size": 0}


def test_a_leaf_waits_for_its_attachment_and_nothing_of_it_is_indexed_before(bureau, lived, root, tmp_path):
    store = copied(root, tmp_path / "store")
    rows = [(index, each) for index, each in statements_with_attachments(lived)]
    index, digest = rows[len(rows) // 2]
    path = Attachments(store / "attachments").path(digest)
    kept = path.read_bytes()
    path.unlink()
    found = bureau.take(store)
    assert (found.outcome, found.indexed) == ("waiting", index)
    assert digest[:12] in found.waits_for
    path.write_bytes(kept)
    assert bureau.take(store).indexed == lived.log.size
    assert tables(bureau.index.path) == replayed(lived, tmp_path / "again.db")


def statements_with_attachments(kit):
    """Leaves whose rows an attachment gives."""
    for index, entry in kit.log.entries():
        body = decode(entry, index).body
        if body.kind == "case.imported":
            yield index, body.rows


def test_an_attachment_that_is_not_what_its_name_says_stops_the_round(bureau, lived, root, tmp_path):
    store = copied(root, tmp_path / "store")
    index, digest = next(iter(statements_with_attachments(lived)))
    path = Attachments(store / "attachments").path(digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(EvidenceError, match="与其摘要不符"):
        bureau.take(store)
    assert bureau.index.row("projected")["size"] <= index


def test_a_crash_anywhere_leaves_a_round_that_the_next_one_finishes(bureau, lived, root, tmp_path, monkeypatch):
    """The process ends after the cosignature, in the middle of the rows, between two transactions."""
    monkeypatch.setattr(room, "AT_ONCE", 7)
    real = room.project
    for crash_at in (0, 3, 11, 30):
        left = [crash_at]

        def falling(run, statement, fetch, left=left):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            real(run, statement, fetch)

        monkeypatch.setattr(room, "project", falling)
        with pytest.raises(KeyboardInterrupt):
            bureau.take(root)
    monkeypatch.setattr(room, "project", real)
    assert bureau.take(root).indexed == lived.log.size
    assert tables(bureau.index.path) == replayed(lived, tmp_path / "again.db")
