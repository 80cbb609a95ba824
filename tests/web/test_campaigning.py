"""Campaigns from the pages: begun, paused, resumed and cancelled by those whose it is, and by nobody else."""

from __future__ import annotations

import json
from contextlib import contextmanager
from urllib.parse import unquote

from avrecord import station as stations
from avrecord.bureau import duty
from avrecord.bureau.local import run_local
from avrecord.pipeline.storing import trusted_objects
from cli.desk import EAST
from conftest import NOW
from web.test_elsewhere import town
from web.visiting import browser, station

LIST, ONE = "/bureau-campaigns", "/bureau-campaign"


def stand(visitor, campaign: str) -> tuple[str, str]:
    [row] = [row for row in json.loads(visitor.page(f"{LIST}.json"))["rows"] if row["campaign"] == campaign]
    return row["state"], row["asked_by"]


def begun(visitor) -> str:
    status, _, told = visitor.send(LIST, f"{LIST}/begin", scope="all")
    assert status == 303
    return unquote(told["location"].partition("campaign=")[2])


def test_an_auditor_begins_pauses_and_resumes_a_campaign_and_the_service_does_it(town):
    kit, _ = town
    with browser(kit, "shen") as auditor:
        campaign = begun(auditor)
        page = f"{ONE}?campaign={campaign}"
        assert stand(auditor, campaign) == ("running", "SJ1")
        assert auditor.send(page, f"{ONE}/set", campaign=campaign, to="pause")[0] == 303
        run_local(campaign, kit)
        assert stand(auditor, campaign)[0] == "paused", "nobody works on it meanwhile"
        assert auditor.send(page, f"{ONE}/set", campaign=campaign, to="resume")[0] == 303
        for name in duty.unfinished(kit):
            run_local(name, kit)
        assert stand(auditor, campaign)[0] == "done"
        for to in ("pause", "resume", "cancel"):
            assert auditor.send(page, f"{ONE}/set", campaign=campaign, to=to)[0] == 404, "what is done stays done"
        assert stand(auditor, campaign)[0] == "done"


def test_a_cancelled_campaign_stays_cancelled_and_nothing_new_is_said_in_words(town):
    kit, _ = town
    with browser(kit, "guan") as admin:
        status, text, _ = admin.send(LIST, f"{LIST}/begin", scope="new")
        assert (status, "没有要做的片段" in text) == (409, True)
        campaign = begun(admin)
        page = f"{ONE}?campaign={campaign}"
        assert admin.send(page, f"{ONE}/set", campaign=campaign, to="cancel")[0] == 303
        assert admin.send(page, f"{ONE}/set", campaign=campaign, to="resume")[0] == 404
        assert stand(admin, campaign)[0] == "cancelled"
        assert admin.send(LIST, f"{LIST}/begin", scope="new")[0] == 303, "what it did not come to is new again"
        for wrong in ("", "everything"):
            assert admin.send(LIST, f"{LIST}/begin", scope=wrong)[0] == 400
            assert admin.send(page, f"{ONE}/set", campaign=campaign, to=wrong)[0] == 400
        assert admin.send(page, f"{ONE}/set", campaign="no-such", to="pause")[0] == 404


def test_who_only_looks_gets_no_button_and_no_way_around_it(town):
    kit, _ = town
    with browser(kit, "wang") as supervisor:
        assert "核验全部片段" not in supervisor.page(LIST)
        word = supervisor.page("/bureau/clips")
        assert 'name="word"' not in word
        assert supervisor.ask("POST", f"{LIST}/begin", "scope=all")[0] == 403
    with browser(kit, "shen") as auditor:
        assert "核验全部片段" in auditor.page(LIST)
        assert auditor.ask("POST", f"{LIST}/begin", "scope=all")[0] == 403, "a form that came from elsewhere"
    assert len(duty.latest(kit)) == 1, "the one that the bureau began by itself"


def test_a_years_bags_of_all_stations_are_begun_on_the_page_of_archives_and_made_by_the_service(town, tmp_path):
    kit, _ = town
    (tmp_path / "archive").mkdir()
    settings = kit.root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace('to = ""', f'to = "{tmp_path / "archive"}"'), "utf-8")
    with closing_kit(kit.root) as bureau, browser(bureau, "shen") as auditor:
        assert "/bureau-campaigns/archive" in auditor.page("/archives")
        for wrong in ("", "26", "x"):
            assert auditor.send("/archives", f"{LIST}/archive", year=wrong)[0] == 400
        assert auditor.send("/archives", f"{LIST}/archive", year="2019")[0] == 409
        assert auditor.send("/archives", f"{LIST}/archive", year="2026")[0] == 303
        assert "年底归档" in auditor.page(LIST)
        duty.turn(trusted_objects(bureau), bureau)
        assert {row["unit"] for row in json.loads(auditor.page("/archives.json"))["rows"]} == {EAST}
        assert auditor.send("/archives", f"{LIST}/archive", year="2026")[0] == 409, "the bag is there"
    with closing_kit(kit.root) as bureau:
        for name in ("wang", "zhang", "li", "cao"):
            with browser(bureau, name) as visitor:
                assert visitor.ask("POST", f"{LIST}/archive", "word=x&year=2026")[0] == 403, name


@contextmanager
def closing_kit(root):
    kit = stations.open_station(root, clock=lambda: NOW)
    yield kit
    kit.store.close()
