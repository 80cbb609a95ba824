"""Many cards at once: each byte sealed once, nobody held up, and a failing disk ends no thread that others wait for."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from avrecord.dock.turns import Turns
from avrecord.dock.volumes import volume_at
from avrecord.errors import LogBroken
from avrecord.pipeline import desk as desks
from avrecord.pipeline.account import account
from avrecord.pipeline.desk import Desk
from avrecord.pipeline.receive import Receipt, receive
from avrecord.pipeline.verify import verify
from conftest import pattern


def together(kit, cards) -> list[Receipt]:
    def take(card) -> Receipt:
        try:
            return receive(volume_at(card), kit, desk)
        finally:
            kit.store.close()

    with Desk(kit) as desk, ThreadPoolExecutor(len(cards)) as pool:
        return list(pool.map(take, cards))


def test_26_cards_at_once_are_all_sealed_once(kit, dcam):
    contents = [
        {f"VIDEO/{9 + n // 6:02d}{n % 6}{m:01d}00.mp4": pattern(30_000 + n, n * 10 + m) for m in range(4)} for n in range(26)
    ]
    cards = [dcam(files, name=f"slot{n}", serial=f"Z3A{n:04d}") for n, files in enumerate(contents)]
    receipts = together(kit, cards)
    assert all(receipt.complete for receipt in receipts)
    assert [receipt.sealed for receipt in receipts] == [4] * 26
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 104}
    assert not list(kit.vault.incoming.glob("*.part*"))
    assert not list(kit.vault.incoming.glob("*.intent"))


def test_the_same_bytes_on_cards_that_are_taken_at_once_are_sealed_once_and_seen_again(kit, dcam):
    cards = [dcam({"VIDEO/090000.mp4": pattern(60_000)}, name=f"slot{n}", serial=f"Z3A{n:04d}") for n in range(6)]
    receipts = together(kit, cards)
    assert sum(receipt.sealed for receipt in receipts) == 1
    assert sum(receipt.again for receipt in receipts) == 5
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 1}
    assert dict(account(kit).totals)["sealed"] == 6


def test_clips_of_many_cards_share_their_durable_step(kit, dcam, monkeypatch):
    slow, batches = threading.Event(), list[int]()
    real = desks._settle

    def settle(batch, kit) -> None:
        slow.wait(20) if not batches else None
        batches.append(len(batch))
        real(batch, kit)

    monkeypatch.setattr(desks, "_settle", settle)
    cards = [dcam({"VIDEO/090000.mp4": pattern(500, n)}, name=f"slot{n}", serial=f"Z3A{n:04d}") for n in range(8)]
    with Desk(kit) as desk, ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(receive, volume_at(card), kit, desk) for card in cards]
        deadline = time.monotonic() + 20
        while desk._proved.qsize() < 7 and time.monotonic() < deadline:
            time.sleep(0.01)
        slow.set()
        assert all(future.result().complete for future in futures)
    assert batches == [1, 7]


def test_a_card_whose_reader_stands_still_does_not_keep_another_from_being_taken(kit, dcam, monkeypatch):
    kit = replace(
        kit, settings=kit.settings.model_copy(update={"dock": kit.settings.dock.model_copy(update={"cards_at_once": 1})})
    )
    stuck, going = dcam({"VIDEO/090000.mp4": pattern(9000)}, name="stuck", serial="DEAD01"), threading.Event()
    other = dcam({"VIDEO/090000.mp4": pattern(9000, 2)}, name="other")
    real, entered = type(kit.vault).write, threading.Event()

    def write(self, source, *rest):
        if "DEAD01" in source.title:
            entered.set()
            going.wait(30)
        return real(self, source, *rest)

    monkeypatch.setattr(type(kit.vault), "write", write)
    with Desk(kit) as desk, ThreadPoolExecutor(2) as pool:
        desk.turns = Turns(1, stalled_s=0.3)
        dead = pool.submit(receive, volume_at(stuck), kit, desk)
        assert entered.wait(20)
        assert pool.submit(receive, volume_at(other), kit, desk).result(20).complete
        assert not dead.done()
        going.set()
        assert dead.result(20).complete


@pytest.mark.parametrize("also_when_tidying_up", [False, True])
def test_a_disk_that_fails_while_sealing_fails_the_card_and_not_the_desk(kit, dcam, monkeypatch, also_when_tidying_up):
    """The sealing thread once died of the second error of a dying disk, and every card waited for it for ever."""
    card, later = dcam({"VIDEO/090000.mp4": pattern(9000)}), dcam({"VIDEO/100000.mp4": pattern(9000, 2)}, name="later")

    def broken(*_: object) -> None:
        raise LogBroken(index=0, detail="EIO")

    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with Desk(kit) as desk:
        with monkeypatch.context() as patch:
            patch.setattr(desks, "_settle", broken)
            if also_when_tidying_up:
                patch.setattr(type(kit.vault), "discard", failing)
            with pytest.raises(LogBroken):
                receive(volume_at(card), kit, desk)
        assert receive(volume_at(later), kit, desk).complete
        assert receive(volume_at(card), kit, desk).complete
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 2}
