"""Is each recorder in the right hands on a day? And are there enough of them?"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.model.case import Assignment
from avrecord.model.device import Device, Span, Symptom
from avrecord.model.officer import Officer, OnDuty, Standing
from avrecord.rules.availability import availability, of_unit
from avrecord.rules.holding import flags, overlaps, standing
from avrecord.rules.sufficiency import sufficiency

DAY = date(2026, 11, 16)


def officer(number="FY1", category="执法人员", valid=date(2027, 12, 31), unit="东湖大队") -> Officer:
    return Officer(number, "陈立新", unit, category, valid, "log:2")


def held(officer="FY1", since="2026-01-01", until=None, recorder="Z1", row="log:3") -> Assignment:
    return Assignment(recorder, officer, since, until, row)


def device(serial="Z1", unit="东湖大队", in_service=True, known=True) -> Device:
    return Device(serial, None, unit, None, None, None, in_service, known, None, "log:1")


ONE_OFFICER, ONE_DEVICE = (officer(),), (device(),)


def kinds(assignments, officers=ONE_OFFICER, devices=ONE_DEVICE, spans=(), on=DAY) -> list[str]:
    people, fleet = {o.number: o for o in officers}, {d.serial: d for d in devices}
    return [flag.kind for flag in flags(assignments, people, fleet, spans, on)]


def test_a_recorder_in_an_officers_hands_is_not_flagged():
    assert kinds([held()]) == []


@pytest.mark.parametrize("category", ["协管人员", "辅助执法人员", "城管协管员", "行政执法辅助人员"])
def test_a_recorder_in_the_hands_of_an_assistant_is_flagged_whatever_the_roster_calls_them(category):
    assert kinds([held()], [officer(category=category)]) == ["assistant"]


@pytest.mark.parametrize(("valid", "flagged"), [(DAY, []), (DAY - timedelta(days=1), ["expired"]), (None, [])])
def test_a_certificate_holds_through_its_last_day(valid, flagged):
    assert kinds([held()], [officer(valid=valid)]) == flagged


def test_somebody_whom_the_roster_does_not_know_is_flagged_with_the_leaf_of_the_assignment():
    (flag,) = flags([held("FY9")], {}, {"Z1": device()}, [], DAY)
    assert (flag.kind, flag.officer, flag.rows) == ("not_in_roster", "FY9", ("log:3",))


def test_a_flag_names_the_leaf_of_the_assignment_and_of_the_roster():
    (flag,) = flags([held()], {"FY1": officer(valid=date(2026, 10, 30))}, {"Z1": device()}, [], DAY)
    assert (flag.rows, flag.detail) == (("log:3", "log:2"), "有效期至 2026-10-30")


@pytest.mark.parametrize(("since", "until"), [("2026-11-17", None), ("2026-01-01", "2026-11-15")])
def test_whoever_does_not_hold_it_on_that_day_is_nothing_to_flag(since, until):
    assert kinds([held("FY9", since, until)]) == []


def test_a_shared_recorder_is_told_once_and_only_on_days_on_which_it_is_shared():
    both = [held(), held("FY2", "2026-11-10", "2026-11-20", row="log:4")]
    people = [officer(), officer("FY2")]
    assert kinds(both, people) == ["shared"]
    assert kinds(both, people, on=date(2026, 11, 21)) == []


@pytest.mark.parametrize(
    ("devices", "spans", "kind"),
    [
        ([device(in_service=False)], [], "out_of_service"),
        ([device()], [Span("Z1", "retired", DAY, None, "", "log:8")], "out_of_service"),
        ([device(known=False)], [], "not_registered"),
        ([], [], "not_registered"),
    ],
)
def test_what_should_not_be_in_anybodys_hands_is_flagged(devices, spans, kind):
    assert kinds([held()], devices=devices, spans=spans) == [kind]


@pytest.mark.parametrize(
    ("valid", "expected"),
    [(60, Standing.EXPIRING), (61, Standing.VALID), (0, Standing.EXPIRING), (-1, Standing.EXPIRED), (None, Standing.UNDATED)],
)
def test_a_certificate_that_ends_soon_is_said_to(valid, expected):
    until = None if valid is None else DAY + timedelta(days=valid)
    assert standing(officer(valid=until), DAY, 60) is expected


def test_an_assistant_is_an_assistant_whatever_date_stands_beside_them():
    assert standing(officer(category="协管人员", valid=DAY), DAY, 60) is Standing.ASSISTANT


def test_a_hand_over_on_one_day_is_that_day_shared():
    (found,) = overlaps([held("FY1", "2026-01-01", "2026-06-30"), held("FY2", "2026-06-30")])
    assert (found.since, found.until, found.officers) == ("2026-06-30", "2026-06-30", ("FY1", "FY2"))


def test_the_same_officer_twice_and_other_recorders_overlap_with_nobody():
    assert overlaps([held(), held("FY1", "2026-03-01"), held("FY2", recorder="Z2")]) == []


DAYS = st.integers(0, 40).map(lambda n: (date(2026, 11, 1) + timedelta(days=n)).isoformat())
HELD = st.lists(
    st.builds(held, st.sampled_from(["A", "B", "C"]), DAYS, st.none() | DAYS, st.sampled_from(["Z1", "Z2"])), max_size=6
)


@given(HELD, DAYS)
def test_a_day_is_shared_where_counting_the_holders_of_that_day_says_so(assignments, day):
    holders = {
        recorder: {a.officer for a in assignments if a.recorder == recorder and a.covers(day)} for recorder in ("Z1", "Z2")
    }
    told = {each.recorder for each in overlaps(assignments) if each.since <= day and (each.until is None or day <= each.until)}
    assert told == {recorder for recorder, people in holders.items() if len(people) > 1}


def enough(on_duty, devices, spans=(), per=2, assistants=()):
    today = availability(devices, spans, [], DAY, DAY)
    return sufficiency(on_duty, assistants, devices, today, per)


def duty(number, unit="东湖大队", basis="roster") -> OnDuty:
    return OnDuty(unit, f"FY{number}", basis, "log:5")


@pytest.mark.parametrize(
    ("officers", "per", "needed"), [(0, 2, 0), (1, 2, 1), (2, 2, 1), (3, 2, 2), (6, 3, 2), (7, 3, 3), (4, 1, 4)]
)
def test_a_ratio_is_rounded_up_for_a_recorder_cannot_be_halved(officers, per, needed):
    (found,) = enough([duty(n) for n in range(officers)], [device()], per=per)
    assert (found.needed, found.short) == (needed, max(0, needed - 1))


def test_a_recorder_that_is_away_today_does_not_serve_and_says_why():
    (found,) = enough([duty(1)], [device()], [Span("Z1", "repair", DAY, None, "换屏", "log:7")])
    assert (found.short, [lost.row for lost in found.lost]) == (1, ["log:7"])


def test_recorders_of_one_unit_do_not_serve_another():
    east, west = enough([duty(1), duty(2), duty(3, "西园大队")], [device(), device("Z2")])
    assert (east.short, west.short, west.unit) == (0, 1, "西园大队")


def test_somebody_on_duty_for_two_reasons_counts_once_and_an_assistant_does_not():
    (found,) = enough([duty(1), duty(1, basis="stage"), duty(2)], [device()], per=1, assistants={"FY2"})
    assert (found.needed, [each.officer for each in found.assistants]) == (1, ["FY2"])


UNITS = ("东湖大队", "西园大队", None)
FLEETS = st.lists(st.tuples(st.sampled_from(UNITS), st.booleans()), max_size=6).map(
    lambda found: [device(f"Z{n}", unit, in_service) for n, (unit, in_service) in enumerate(found)]
)
EVENTS = ["repair", "fault", "service", "restored", "retired"]


def away(n: int, event: str, since: int, length: int) -> Span:
    return Span(f"Z{n}", event, DAY + timedelta(days=since), DAY + timedelta(days=since + length), "", "log:1")


AWAY = st.lists(st.builds(away, st.integers(0, 5), st.sampled_from(EVENTS), st.integers(-40, 5), st.integers(0, 30)), max_size=6)
BAD = st.lists(
    st.builds(
        lambda n, d: Symptom(f"Z{n}", DAY - timedelta(days=d), "mute", "a", "log:2"), st.integers(0, 5), st.integers(0, 20)
    ),
    max_size=6,
)


@given(FLEETS, AWAY, BAD)
def test_days_of_the_units_add_up_to_those_of_the_fleet(fleet, spans, symptoms):
    whole = availability(fleet, spans, symptoms, DAY - timedelta(days=20), DAY)
    parts = [of_unit(whole, {d.serial for d in fleet if d.unit == unit}) for unit in UNITS]
    assert sum(part.in_service_days for part in parts) == whole.in_service_days
    assert sum(part.serviceable_days for part in parts) == whole.serviceable_days
    assert sorted(lost for part in parts for lost in part.lost) == list(whole.lost)
    assert whole.serviceable_days + len({(lost.serial, lost.day) for lost in whole.lost}) == whole.in_service_days


@given(FLEETS, AWAY, BAD)
def test_months_one_after_another_add_up_to_the_whole_time(fleet, spans, symptoms):
    first, middle = DAY - timedelta(days=20), DAY - timedelta(days=7)
    whole = availability(fleet, spans, symptoms, first, DAY)
    parts = [
        availability(fleet, spans, symptoms, first, middle),
        availability(fleet, spans, symptoms, middle + timedelta(days=1), DAY),
    ]  # fmt: skip
    assert sum(part.in_service_days for part in parts) == whole.in_service_days
    assert sum(part.serviceable_days for part in parts) == whole.serviceable_days


@given(FLEETS, AWAY, st.integers(0, 9), st.integers(1, 4))
def test_a_unit_with_enough_recorders_is_not_short_and_one_without_is_by_what_it_lacks(fleet, spans, officers, per):
    for found in enough([duty(n) for n in range(officers)], fleet, spans, per):
        assert found.short == max(0, found.needed - len(found.serviceable))
        assert found.needed * per >= len(found.officers) > (found.needed - 1) * per or not found.officers
