"""The JSON twins by their own description: whatever is asked for, the station answers and never falls over."""

from __future__ import annotations

import http.client
from urllib.parse import quote, urlencode, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from avrecord.web.app import build
from avrecord.web.questions import QUESTIONS
from web.test_status_page import served
from web.visiting import Browser, station

FEW = settings(
    max_examples=25, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
WHO = {"footage": "wang", "cases": "wang", "selfcheck": "wang", "devices": "li", "verify": "shen", "system": "guan"}


def twins(kit) -> list:
    """The operations of all JSON twins, as the application describes itself."""
    description = build(kit, lambda: {"slots": [], "seconds_since_scan": 1}).openapi()
    schema = schemathesis.openapi.from_dict(description)
    found = [each.ok() for each in schema.get_all_operations()]
    return [each for each in found if each.method.upper() == "GET" and each.path.endswith(".json")]


def ask_of(operation, people: list[Browser], counts: dict[int, int]) -> None:
    """Whatever the description allows, asked by everybody."""

    @FEW
    @given(case=operation.as_strategy())
    def ask(case):
        given_ = {key: str(value) for key, value in (case.query or {}).items()}
        query = urlencode(given_, quote_via=quote, errors="replace")
        for visitor in people:
            try:
                status, text, _ = visitor.ask("GET", f"{operation.path}?{query}")
            except (http.client.HTTPException, ConnectionError):  # a request that no server takes
                continue
            counts[status] = counts.get(status, 0) + 1
            assert status != 500, (operation.path, query, text[:200])
            assert "Traceback" not in text

    ask()


def test_no_twin_answers_with_an_error_of_ours_whatever_is_asked(station):
    counts: dict[int, int] = {}
    with served(station, 1) as url:
        people = {}
        for name in {*WHO.values()}:
            people[name] = Browser(url)
            assert people[name].log_in(name)[0] == 303
        operations = twins(station)
        assert len(operations) >= len(QUESTIONS) + 6
        for operation in operations:
            ask_of(operation, list(people.values()), counts)
        assert people["wang"].ask("GET", "/clips.json")[0] == 200, "still there"
    print(f"\n{sum(counts.values())} requests to {len(operations)} twins: {counts}")
    assert urlsplit(url).hostname == "127.0.0.1"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.path)
def test_the_four_forms_of_a_table_are_of_one_answer_and_of_the_same_people(station, question):
    with served(station, 1) as url:
        for name in ("wang", "li", "shen", "guan", "cao"):
            visitor = Browser(url)
            visitor.log_in(name)
            asked = {"/device": "?recorder=Z3A0017", "/statistics": "?month=2026-11", "/problem": "?number=1"}.get(
                question.path, ""
            )
            statuses = {visitor.ask("GET", f"{question.path}{form}{asked}")[0] for form in ("", ".json", ".csv", ".xlsx")}
            assert len(statuses) == 1, (name, statuses)
            allowed = statuses != {403}
            assert allowed == (name in ALLOWED[question.part]), (name, question.path, statuses)
        assert Browser(url).ask("GET", f"{question.path}.json")[0] == 401


ALLOWED = {
    "footage": {"wang", "shen"}, "cases": {"wang", "shen"}, "selfcheck": {"wang", "shen"}, "devices": {"li", "guan"},
    "verify": {"shen", "guan"},
}  # fmt: skip


def test_every_page_has_a_twin(kit):
    """But for the login, what is fetched from pages, and machines' own addresses."""
    others = {"/", "/login", "/healthz", "/style.css", "/icon.svg", "/page.js", "/clip/watch", "/clip/frame", "/clip/proxy",
              "/problem/evidence", "/bureau/clip/proxy", "/bureau/clip/watch", "/bureau/clip/frame",
              "/witness/{origin}/checkpoint", "/api/platform"}  # fmt: skip
    paths = {route.path for route in build(kit, lambda: {"slots": [], "seconds_since_scan": 1}).routes if "GET" in route.methods}
    pages = {path for path in paths if not path.endswith((".json", ".csv", ".xlsx", ".svg"))} - others
    assert len(pages) > 25
    assert {page for page in pages if f"{page}.json" not in paths} == set()
