"""An attachment that a station does not have any more: stated after a day, and no bureau waits for it for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from attacks.test_scars_of_the_bureau import Town, town
from avrecord import station as stations
from avrecord.model import statement as say
from avrecord.pipeline.record import state
from avrecord.pipeline.sending import LOST_AFTER
from avrecord.reads.town import town as seen_by
from avrecord.seal.codec import decode
from avrecord.store import documents
from conftest import NOW

DAY = timedelta(days=1)


def imported(kit) -> str:
    """A table of cases, without which a leaf gives no rows; and a leaf after it. The digest of the table's rows."""
    rows = kit.attachments.put(documents.write("cases", {"stages": []}))
    state(kit, [say.CaseImported(source=kit.attachments.put(b"table"), rows=rows, stages=0)])
    state(kit, [say.ServiceStarted(version="after it")])
    return rows


def kinds(kit) -> list[str]:
    return [decode(entry, at).body.kind for at, entry in kit.log.entries()]


class At(Town):
    """A town whose clocks can be set."""

    now = NOW

    def _kit(self, root):
        kit = stations.open_station(root, clock=lambda: self.now)
        self.opened.append(kit)
        return kit


@pytest.fixture
def day(town: Town) -> At:
    town.__class__ = At
    return town


def row_of(day: At) -> dict:
    [row] = seen_by(day.bureau()).rows
    return row


def test_a_lost_attachment_is_stated_after_a_day_and_the_bureau_goes_on_without_its_rows(day):
    kit = day.station()
    digest = imported(kit)
    kit.attachments.path(digest).unlink()
    day.sync()
    day.turn()
    assert (row_of(day)["state"], row_of(day)["indexed"] < row_of(day)["seen"]) == ("waiting", True)
    day.now += LOST_AFTER / 2
    day.sync()
    assert "attachments.lost" not in kinds(day.station()), "a disk may be off for a while"
    day.now += LOST_AFTER
    day.sync()
    day.sync()
    assert kinds(day.station()).count("attachments.lost") == 1
    day.turn()
    row = row_of(day)
    assert (row["state"], row["indexed"], row["lost"]) == ("fine", row["seen"], 1)
    assert "1 条记录的附件该站已经没有" in "".join(seen_by(day.bureau()).notes)


def test_one_that_comes_back_within_the_day_is_sent_and_nothing_is_stated(day):
    kit = day.station()
    digest = imported(kit)
    path = kit.attachments.path(digest)
    path.rename(path.with_name("away"))
    day.sync()
    day.turn()
    assert row_of(day)["state"] == "waiting"
    path.with_name("away").rename(path)
    day.now += 2 * DAY
    day.sync()
    day.turn()
    assert (row_of(day)["state"], row_of(day)["lost"]) == ("fine", 0)
    assert "attachments.lost" not in kinds(day.station())


def test_one_that_is_altered_on_the_stations_disk_is_lost_too(day):
    kit = day.station()
    digest = imported(kit)
    path = kit.attachments.path(digest)
    path.chmod(0o600)
    path.write_bytes(b"something else")
    day.sync()
    day.now += 2 * DAY
    day.sync()
    assert "attachments.lost" in kinds(day.station())


def test_one_that_only_the_store_altered_is_not_called_lost(day):
    kit = day.station()
    digest = imported(kit)
    lying = day.share / "stations" / "station-01" / "attachments" / digest[:2] / digest
    lying.parent.mkdir(parents=True, exist_ok=True)
    lying.write_bytes(b"something else")
    day.sync()
    day.now += 2 * DAY
    day.sync()
    assert "attachments.lost" not in kinds(day.station()), "this station has it"


def test_a_claim_that_an_attachment_is_lost_hides_nothing_that_is_there(day):
    kit = day.station()
    digest = imported(kit)
    state(kit, [say.AttachmentsLost(digests=(digest, "0" * 64))])
    day.sync()
    day.turn()
    assert (row_of(day)["state"], row_of(day)["lost"]) == ("fine", 0)


def test_what_was_owed_by_an_earlier_version_is_read(day):
    kit = day.station()
    digest = imported(kit)
    kit.attachments.path(digest).unlink()
    (day.root / "sync-owed").write_text(f"{digest}\nrubbish\n", "ascii")
    day.sync()
    day.now += 2 * DAY
    day.sync()
    assert kinds(day.station()).count("attachments.lost") == 1
