"""设备完好率: serviceable days over in-service days, every lost day with its row."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord.model.device import Availability, Device, Span, Symptom
from avrecord.rules.availability import availability

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def device(serial: str = "Z1", bought_on: date | None = None, in_service: bool = True) -> Device:
    return Device(serial, None, None, bought_on, None, None, in_service, True)


def span(event: str, since: int, until: int | None, serial: str = "Z1") -> Span:
    return Span(serial, event, day(since), None if until is None else day(until), "", f"log:{since}")


def symptom(on: int, kind: str = "mute", serial: str = "Z1") -> Symptom:
    return Symptom(serial, day(on), kind, "a.mp4", f"log:{on + 100}")


ONE = (device(),)


def rated(devices=ONE, spans=(), symptoms=()) -> Availability:
    return availability(devices, spans, symptoms, FIRST, LAST)


def days_lost(found: Availability) -> list[int]:
    return sorted({lost.day.day for lost in found.lost})


def test_a_recorder_without_trouble_serves_every_day():
    found = rated()
    assert (found.in_service_days, found.serviceable_days, found.rate) == (30, 30, 1.0)


def test_where_there_is_no_recorder_there_is_no_rate():
    assert rated(devices=()).rate is None


def test_a_recorder_out_of_service_does_not_count_at_all():
    found = rated([device(), device("Z2", in_service=False)], symptoms=[symptom(3, serial="Z2")])
    assert (found.in_service_days, found.lost) == (30, ())


@pytest.mark.parametrize(("bought", "days"), [(1, 30), (11, 20), (30, 1), (31, 0), (-100, 30)])
def test_a_recorder_counts_from_the_day_it_was_bought(bought, days):
    assert rated([device(bought_on=day(bought))]).in_service_days == days


@pytest.mark.parametrize(("retired", "days"), [(1, 0), (11, 10), (30, 29), (31, 30)])
def test_a_recorder_counts_until_the_day_before_it_was_retired(retired, days):
    assert rated(spans=[span("retired", retired, None)]).in_service_days == days


@pytest.mark.parametrize("event", ["repair", "fault", "service"])
def test_both_days_of_an_event_are_lost(event):
    found = rated(spans=[span(event, 10, 12)])
    assert days_lost(found) == [10, 11, 12]
    assert (found.serviceable_days, found.rate) == (27, 0.9)


def test_an_event_that_goes_on_loses_every_day_to_the_periods_end():
    assert days_lost(rated(spans=[span("repair", 28, None)])) == [28, 29, 30]


def test_an_event_that_began_before_the_period_loses_only_its_days_within():
    assert days_lost(rated(spans=[span("repair", -10, 2)])) == [1, 2]


def test_being_restored_loses_no_day():
    assert rated(spans=[span("restored", 5, 5)]).lost == ()


def test_what_was_restored_serves_again_from_that_day_on():
    assert days_lost(rated(spans=[span("fault", 10, None), span("restored", 13, None)])) == [10, 11, 12]
    assert days_lost(rated(spans=[span("repair", 10, 20), span("restored", 13, None)])) == [10, 11, 12]


def test_a_fault_of_the_day_of_its_restoration_still_cost_that_day():
    assert days_lost(rated(spans=[span("fault", 10, None), span("restored", 10, None)])) == [10]


def test_a_restoration_ends_no_fault_that_came_after_it_or_of_another_recorder():
    spans = [span("restored", 5, None), span("fault", 10, 11), span("restored", 10, None, "Z2")]
    assert days_lost(rated(spans=spans)) == [10, 11]


def test_a_day_lost_for_two_reasons_is_lost_once_and_both_reasons_are_listed():
    found = rated(spans=[span("repair", 10, 10)], symptoms=[symptom(10), symptom(10, "dark")])
    assert found.serviceable_days == 29
    assert sorted(lost.reason for lost in found.lost) == ["dark", "mute", "repair"]


def test_every_lost_day_names_the_row_that_says_so():
    found = rated(spans=[span("repair", 10, 11)], symptoms=[symptom(20)])
    assert [(lost.day.day, lost.row) for lost in found.lost] == [(10, "log:10"), (11, "log:10"), (20, "log:120")]


def test_days_before_a_purchase_or_after_a_retirement_cannot_be_lost():
    found = rated([device(bought_on=day(10))], [span("retired", 20, None), span("repair", 1, None)], [symptom(25)])
    assert (found.in_service_days, days_lost(found)) == (10, list(range(10, 20)))
    assert found.rate == 0


def test_facts_about_an_unknown_recorder_are_passed_over():
    found = rated(spans=[span("repair", 1, 30, "Z9")], symptoms=[symptom(3, serial="Z9")])
    assert (found.in_service_days, found.lost) == (30, ())


EVENTS = st.builds(
    span,
    st.sampled_from(["repair", "fault", "service", "restored", "retired"]),
    st.integers(-5, 35),
    st.none() | st.integers(-5, 35),
    st.sampled_from(["Z1", "Z2", "Z3"]),
)
SYMPTOMS = st.builds(symptom, st.integers(-5, 35), st.sampled_from(["mute", "dark"]), st.sampled_from(["Z1", "Z2", "Z3"]))
FLEETS = st.lists(st.builds(device, st.sampled_from(["Z1", "Z2"]), st.none() | st.integers(-5, 35).map(day)), max_size=2).filter(
    lambda fleet: len({each.serial for each in fleet}) == len(fleet)
)


@given(FLEETS, st.lists(EVENTS, max_size=5), st.lists(SYMPTOMS, max_size=5))
@settings(max_examples=100)
def test_the_rate_is_what_going_through_every_recorder_and_day_gives(fleet, spans, symptoms):
    serving = out = 0
    for each in fleet:
        for today in (day(number) for number in range(1, 31)):
            mine = [s for s in spans if s.serial == each.serial and s.since <= today]
            if (each.bought_on and today < each.bought_on) or any(s.event == "retired" for s in mine):
                continue
            back = [r.since for r in mine if r.event == "restored"]
            down = any(
                s.event in ("repair", "fault", "service")
                and (s.until is None or today <= s.until)
                and (today == s.since or not any(s.since <= since for since in back))
                for s in mine
            )
            down |= any(s.serial == each.serial and s.day == today for s in symptoms)
            serving, out = serving + 1, out + down
    found = availability(fleet, spans, symptoms, FIRST, LAST)
    assert (found.in_service_days, found.serviceable_days) == (serving, serving - out)
    assert len({(lost.serial, lost.day) for lost in found.lost}) == out
