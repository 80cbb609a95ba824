"""人工复核 at the bureau: decided on a station's case there, stated by the station, and never over somebody who decided since."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from urllib.parse import quote

import pytest

from avrecord import station as stations
from avrecord.bureau import reviewing
from avrecord.bureau.reviewing import Said
from avrecord.bureau.views import Views
from avrecord.errors import OwnReview
from avrecord.model.case import StageId
from avrecord.model.statement import MarkReviewed, ReviewLeft
from avrecord.pipeline.record import state
from avrecord.pipeline.storing import open_objects
from avrecord.store import letter
from avrecord.store.letter import NAMESPACE, Letter
from cli.desk import CASE, EAST, NO_FOOTAGE, WEST, Desk, clip_id
from conftest import NOW
from stations.test_through_the_store import set_in
from web.test_elsewhere import town
from web.visiting import browser, station

STAGE, ITEM = "现场检查", "notice_given"
PAGE = f"/bureau/case?station=station-01&no={quote(CASE)}"


class House:
    """A bureau and its station, a turn of each, and what each one's log says of decisions."""

    def __init__(self, town, root, monkeypatch, capsys) -> None:
        self.kit, self.share = town
        self._monkeypatch = monkeypatch
        self.bureau, self.station = Desk(self.kit.root, monkeypatch, capsys), Desk(root, monkeypatch, capsys)
        set_in(root, "sync", bureau_key=(self.kit.root / "keys" / "clip.pub").read_text("ascii").strip())

    def leave(self) -> None:
        said = self.bureau("bureau", "run", "--once")
        assert said.code == 0, said.err

    def take(self, code: int = 0) -> dict[str, object]:
        said = self.station("sync", "--json")
        assert said.code == code, said.err + said.out
        return said.json | said.json["rows"][0]

    def turn(self) -> dict[str, object]:
        """The letter goes out, the station states it, the bureau reads that."""
        self.leave()
        taken = self.take()
        self.leave()
        return taken

    def decided(self) -> list[tuple[str, str, str, bool]]:
        """At the station: item, decision, who, whether it came as a letter."""
        kit = stations.open_station(self.station.root, clock=lambda: NOW)
        rows = kit.store.rows("reviews_of", case_no=CASE, stage_id=STAGE)
        kit.store.close()
        return [(row["item"], row["decision"], row["by_whom"], bool(row["letter"])) for row in rows]

    def fates(self) -> list[str]:
        return [row["fate"] for row in reversed(self.bureau("bureau", "reviews", "--json").json["rows"])]

    def review(self, *words: str, by: str = "FY7"):
        return self.bureau("bureau", "review", "station-01", CASE, STAGE, *words, "--by", by, "--why", "看过录像")

    def again(self):
        """The bureau's kit, opened anew."""
        return stations.open_station(self.kit.root, clock=lambda: NOW)

    def bureau_at(self, moment) -> None:
        self._monkeypatch.setattr("avrecord.cli.base.open_station", partial(stations.open_station, clock=lambda: moment))

    def letters(self) -> list:
        return sorted((self.share / "bureau" / "station-01" / "reviews").glob("*.json"))


@pytest.fixture
def house(town, station, monkeypatch, capsys) -> House:
    return House(town, station.root, monkeypatch, capsys)


def decide(visitor, decision: str = "missing", item: str = ITEM, why: str = "没有说明依据", **more: str):
    fields = {"station": "station-01", "no": CASE, "stage": STAGE, "item": item, "decision": decision, "why": why}
    return visitor.send(PAGE, "/bureau/review", **(fields | more))


def test_a_case_of_a_station_is_shown_at_the_bureau_as_the_station_shows_it(house, station):
    with browser(station, "wang") as there, browser(house.kit, "wang") as here:
        own = json.loads(there.page(f"/case.json?no={quote(CASE)}"))
        seen = json.loads(here.page(PAGE.replace("/case?", "/case.json?")))
        station.log.refresh()
        assert (seen.pop("left"), seen.pop("shown")) == ([], station.log.size)
        assert seen == own
        page = here.page(PAGE)
        clip = clip_id(station, "090000.mp4")
        assert f"/bureau/clip?station=station-01&amp;clip={clip}" in page
        assert 'action="/bureau/review"' in page
        for nothing in ('action="/review"', "/opinion", "/bundle", "/problem/open", 'href="/clip?', 'src="/clip/'):
            assert nothing not in page, nothing
        assert f"/bureau/case?station=station-01&amp;no={quote(CASE, safe='')}" in here.page("/bureau/missing")


def test_a_decision_of_the_bureau_becomes_the_stations_own_with_who_and_why(house):
    with browser(house.kit, "wang") as supervisor:
        assert decide(supervisor)[0] == 303
        assert "等待采集站收下" in supervisor.page(PAGE)
        assert house.decided() == []
        taken = house.turn()
        assert (taken["reviews"], taken["overtaken"], taken["refused"]) == (1, 0, [])
        assert house.decided() == [(ITEM, "missing", "FY9", True)]
        page = supervisor.page(PAGE)
        assert "等待采集站收下" not in page
        assert "FY9" in page, "as the station's log has it"
    assert house.fates() == ["stated"]
    kit = stations.open_station(house.station.root, clock=lambda: NOW)
    [row] = kit.store.rows("reviews_of", case_no=CASE, stage_id=STAGE)
    assert kit.attachments.get(row["why"]).decode() == "没有说明依据"
    assert letter.read(kit.attachments.get(row["letter"])).by == "FY9"
    kit.store.close()
    assert house.take()["reviews"] == 0, "once"
    said = house.station("verify", "--all", "--json")
    assert said.code == 0, said.out


def test_who_decided_at_the_station_meanwhile_is_not_overruled_by_who_could_not_know(house):
    assert house.review(ITEM, "--as", "missing").code == 0
    assert house.station("review", CASE, STAGE, ITEM, "--as", "seen", "--by", "FY9", "--why", "另有一段录像").code == 0
    taken = house.turn()
    assert (taken["reviews"], taken["overtaken"]) == (0, 1)
    assert house.decided() == [(ITEM, "seen", "FY9", False)]
    assert house.fates() == ["overtaken"]
    with browser(house.kit, "wang") as supervisor:
        assert "采集站已有后来的复核" in supervisor.page(PAGE)
    assert house.review(ITEM, "--as", "missing").code == 0, "having seen it, one may decide otherwise"
    house.turn()
    assert house.decided()[-1] == (ITEM, "missing", "FY7", True)


def test_two_at_the_bureau_decide_one_after_the_other_and_both_are_stated_in_that_order(house):
    for decision, by in (("not_required", "FY7"), ("not_required", "FY6"), ("seen", "FY5"), ("withdrawn", "FY5")):
        assert house.review(ITEM, "--as", decision, by=by).code == 0
    assert house.turn()["reviews"] == 4
    assert [row[1:3] for row in house.decided()] == [
        ("not_required", "FY7"), ("not_required", "FY6"), ("seen", "FY5"), ("withdrawn", "FY5"),
    ]  # fmt: skip


def test_who_took_part_cannot_decide_at_either_end(house):
    with view_of(house) as view:
        stage = view.records.stage(StageId(CASE, STAGE))
        officer = stage.officers[0]
        with pytest.raises(OwnReview):
            reviewing.decide("station-01", view, stage.id, Said(ITEM, "seen", officer, "x"), house.kit)
    said = house.review(ITEM, "--as", "seen", by=f"{officer[:2].lower()}-{officer[2:]}")
    assert (said.code, "Traceback" in said.err) == (32, False), said.out
    forge(house, by=officer)
    assert house.take(11)["refused"], "a letter that was signed all the same is told, and not stated"
    assert house.decided() == []


def test_a_units_supervisor_decides_about_the_units_stages_and_nobody_else_at_all(house):
    with browser(house.kit, "zhang") as supervisor:
        assert decide(supervisor)[0] == 303
        other = f"/bureau/case?station=station-01&no={quote(NO_FOOTAGE)}"
        with view_of(house) as view:
            theirs = {stage.unit for stage in view.records.stages(case_no=NO_FOOTAGE)}
        assert (supervisor.ask("GET", other)[0] == 404) == (EAST not in theirs or WEST in theirs)
        assert decide(supervisor, station="station-02")[0] == 404
        assert decide(supervisor, station="../x")[0] == 404
    for name in ("guan", "cao", "li", "shen"):
        with browser(house.kit, name) as visitor:
            assert decide_blind(visitor)[0] == 403, name
    with browser(house.kit) as nobody:
        assert nobody.ask("GET", PAGE)[0] == 303
    assert house.fates() == ["waiting"]


def decide_blind(visitor):
    return visitor.ask("POST", "/bureau/review", "word=x&station=station-01")


def view_of(house):
    return Views(house.kit).of("station-01")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"item": "nothing"}, 404),
        ({"decision": "guilty"}, 404),
        ({"why": " "}, 400),
        ({"stage": "没有"}, 404),
        ({"no": "x"}, 404),
    ],
)
def test_what_cannot_be_decided_is_told_in_words(house, fields, status):
    with browser(house.kit, "wang") as supervisor:
        found, text, _ = decide(supervisor, **fields)
        assert (found, "Traceback" in text) == (status, False)
    assert house.fates() == []


def forge(house: House, key=None, station: str = "station-01", content: bytes | None = None, **fields: object) -> None:
    """A letter that nobody decided, in the store."""
    words = Letter(station, CASE, STAGE, ITEM, "missing", "x", "FY9", "2026-11-21T00:00:00.000000Z", 0)
    content = content if content is not None else letter.write(replace(words, **fields))
    path = house.share / "bureau" / "station-01" / "reviews" / f"{'0' * 12}-{hashlib.sha256(content).hexdigest()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.with_name(f"{path.name}.sig").write_text((key or house.kit.sealer).sign_receipt(content, NAMESPACE))


def test_a_letter_that_the_bureau_did_not_sign_or_is_not_for_this_station_is_refused_and_named(house, station):
    forge(house, key=station.sealer)
    forge(house, station="station-02")
    forge(house, content=b"not a letter")
    forge(house, content=letter.write(Letter("station-01", CASE, STAGE, ITEM, "missing", "x", "FY9", "yesterday", 0)))
    forge(house, decision="guilty")
    forge(house, after=-1)
    taken = house.take(11)
    assert (len(taken["refused"]), taken["reviews"]) == (6, 0)
    assert house.decided() == []


def test_a_receipts_signature_is_none_of_a_letter(house):
    content = letter.write(Letter("station-01", CASE, STAGE, ITEM, "missing", "x", "FY9", "2026-11-21T00:00:00.000000Z", 0))
    forge(house, content=content)
    [path] = house.letters()
    path.with_name(f"{path.name}.sig").write_text(house.kit.sealer.sign_receipt(content, "receipt@avrecord"))
    assert len(house.take(11)["refused"]) == 1
    assert house.decided() == []


def test_a_letter_that_the_store_lost_or_altered_is_put_there_again_or_named(house):
    assert house.review(ITEM, "--as", "missing").code == 0
    house.leave()
    [path] = house.letters()
    path.unlink()
    house.leave()
    assert len(house.letters()) == 1
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"missing", b"seen"))
    assert len(house.take(11)["refused"]) == 1
    assert house.decided() == []


def test_a_stations_frozen_log_is_decided_about_by_nobody(house):
    (house.kit.root / "bureau" / "station-01" / "frozen.reason").write_text("两份不同的日志", "utf-8")
    said = house.review(ITEM, "--as", "missing")
    assert (said.code, "不是以前见过的" in said.err) == (13, True)


def test_letters_of_a_year_are_taken_in_one_round(house):
    objects = open_objects(stations.open_station(house.kit.root))
    for n in range(30):
        assert house.review(ITEM, "--as", ("seen", "missing")[n % 2], by=f"FY{100 + n}").code == 0
    assert reviewing.leave_letters(objects, stations.open_station(house.kit.root)) == 30
    assert reviewing.leave_letters(objects, stations.open_station(house.kit.root)) == 0
    assert house.take()["reviews"] == 30
    assert [row[2] for row in house.decided()] == [f"FY{100 + n}" for n in range(30)]


def test_a_letter_that_the_store_gives_back_late_overrules_no_later_one(house):
    """A is lost on its way, B is decided and stated, A comes back."""
    assert house.review(ITEM, "--as", "missing", by="FY7").code == 0
    house.leave()
    [lost] = house.letters()
    lost.rename(lost.with_suffix(".away"))
    house.bureau_at(NOW + timedelta(minutes=5))
    assert house.review(ITEM, "--as", "seen", by="FY6").code == 0
    assert len(reviewing.left(house.again())) == 2
    reviewing.leave_letters(open_objects(house.kit), house.again())
    lost.unlink()  # it was put there again, and is hidden again
    assert house.take()["reviews"] == 1
    lost.with_suffix(".away").rename(lost)
    taken = house.take()
    assert (taken["reviews"], taken["overtaken"]) == (0, 1)
    assert [row[1:3] for row in house.decided()] == [("seen", "FY6")]
    house.leave()
    assert house.fates() == ["overtaken", "stated"]


def test_a_station_that_states_something_else_under_a_letters_name_is_found_out(house):
    assert house.review(ITEM, "--as", "missing", by="FY7").code == 0
    house.leave()
    [path] = house.letters()
    kit = stations.open_station(house.station.root, clock=lambda: NOW)
    put = kit.attachments.put
    body = MarkReviewed(
        case=CASE, stage=STAGE, item=ITEM, decision="seen", why=put(b"x"), letter=put(path.read_bytes()), signature=""
    )
    state(kit, [body], "FY99")
    kit.store.close()
    house.take()
    house.leave()
    assert house.fates() == ["differs"]
    with browser(house.kit, "wang") as supervisor:
        assert "请查明" in supervisor.page(PAGE)


@pytest.mark.parametrize("fields", [{"after": 1 << 52}, {"by": "service"}, {"why": "x" * 3000}, {"after": 1 << 70}])
def test_what_no_person_could_have_written_is_refused_and_the_rest_is_taken(house, fields):
    assert house.review(ITEM, "--as", "missing").code == 0
    house.leave()
    words = {"station": "station-01", "case": CASE, "stage": STAGE, "item": ITEM, "decision": "seen", "why": "x", "by": "FY9",
             "at": "2026-11-21T00:00:00.000000Z", "after": 0} | fields  # fmt: skip
    forge(house, content=json.dumps({"schema": "avrecord.review_letter/1", **words}).encode())
    forge(house, content=json.dumps({"schema": "avrecord.review_letter/1", **words, "after": 0, "why": "\ud800"}).encode())
    taken = house.take(11)
    assert (len(taken["refused"]), taken["reviews"]) == (2, 1)


def test_a_decision_is_held_against_the_log_as_the_page_showed_it(house):
    """Somebody at the station decides, and the bureau takes that in, while the page is open."""
    with browser(house.kit, "wang") as supervisor:
        page = supervisor.page(PAGE)
        shown = re.search(r'name="shown" value="(\d+)"', page)[1]
        assert house.station("review", CASE, STAGE, ITEM, "--as", "seen", "--by", "FY9", "--why", "x").code == 0
        house.turn()
        assert decide(supervisor, shown=shown)[0] == 303
        assert house.turn()["reviews"] == 0
    assert house.fates() == ["overtaken"]
    assert [row[1:3] for row in house.decided()] == [("seen", "FY9")]


def test_another_units_decisions_about_a_shared_case_are_not_shown(house):
    assert house.review(ITEM, "--as", "missing").code == 0
    with view_of(house) as view:
        units = {stage.unit for stage in view.records.stages(case_no=CASE)}
    assert units == {EAST}
    again, theirs = house.again(), "别的单位的环节"
    content = letter.write(Letter("station-01", CASE, theirs, ITEM, "seen", "x", "FY5", "2026-11-21T00:00:00.000000Z", 0))
    kept = again.attachments.put(content)
    body = ReviewLeft(of_station="station-01", case=CASE, stage=theirs, item=ITEM, decision="seen", letter=kept, signature="")
    state(again, [body], "FY5")
    with browser(house.kit, "zhang") as supervisor:
        told = json.loads(supervisor.page(PAGE.replace("/case?", "/case.json?")))["left"]
    assert {each["stage"] for each in told} == {STAGE}


def test_one_letter_that_cannot_be_left_keeps_nothing_else_from_its_station_or_from_others(house):
    assert house.review(ITEM, "--as", "missing", by="FY7").code == 0
    assert house.review("id_shown", "--as", "missing", by="FY7").code == 0
    again = house.again()
    first, second = again.store.rows("left_reviews", of_station="", case_no="")
    again.attachments.path(first["signature"]).unlink()
    house.leave()
    [path] = house.letters()
    assert second["letter"] in path.name
    assert house.take()["reviews"] == 1


def test_a_reason_that_no_station_would_take_is_refused_where_it_is_written(house):
    said = house.bureau(
        "bureau", "review", "station-01", CASE, STAGE, ITEM, "--as", "missing", "--by", "FY7", "--why", "长" * 2001
    )
    assert (said.code, "至多 2000 字" in said.err) == (32, True)
    assert house.fates() == []
