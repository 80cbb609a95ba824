"""检修, 报废, 更新: what follows from a recorder's facts, and what must hold whatever the facts are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avrecord.model.device import Device, Span, Symptom
from avrecord.model.officer import OnDuty
from avrecord.model.plan import Sufficiency, Upkeep, UpkeepRules
from avrecord.model.spans import months_later
from avrecord.rules.plans import plan_renewals, plan_repairs, plan_retirements, serves, yuan

TODAY = date(2026, 11, 21)
RULES = UpkeepRules(
    service_interval_days=180, faulty_days=3, undocked_days=30, repairs=3, repair_cost_percent=50, renew_months=12
)  # fmt: skip
MONTH = TODAY + timedelta(days=30)
BOUGHT = TODAY - timedelta(days=400)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def device(serial="Z1", bought=BOUGHT, life=60, price=100_000, unit="东湖大队", **changes) -> Device:
    made = Device(serial, "DCAM", unit, bought, None, life, True, True, price, "log:1")
    return replace(made, **changes)


def span(event, since, until=None, cost=None, row="log:9", serial="Z1") -> Span:
    return Span(serial, event, ago(since), None if until is None else ago(until), "", row, cost)


def upkeep(*spans, of=None, symptoms=(), docked=0) -> Upkeep:
    return Upkeep(of or device(), tuple(spans), tuple(symptoms), None if docked is None else ago(docked), "log:5")


def symptom(days, kind="mute") -> Symptom:
    return Symptom("Z1", ago(days), kind, "a.mp4", f"log:{100 + days}")


def reasons(planned) -> list[str]:
    return [reason.kind for each in planned for reason in each.reasons]


def to_repair(*of: Upkeep, until=MONTH, rules=RULES):
    return plan_repairs(of, TODAY, until, rules)


SERVICED = span("service", 20, 20)


def test_a_recorder_that_was_looked_at_lately_and_works_is_in_no_plan():
    assert to_repair(upkeep(SERVICED)) == []
    assert plan_retirements([upkeep(SERVICED)], TODAY, RULES) == []
    assert plan_renewals([upkeep(SERVICED)], [], TODAY, RULES) == []


@pytest.mark.parametrize(("serviced", "due"), [(149, False), (150, True), (180, True), (200, True)])
def test_a_service_is_due_half_a_year_after_the_last_one(serviced, due):
    found = to_repair(upkeep(span("service", serviced + 2, serviced)))
    assert reasons(found) == (["interval"] if due else [])
    if due:
        assert found[0].due == ago(serviced) + timedelta(days=180)
        assert found[0].reasons[0].rows == ("log:9",)


def test_a_repair_counts_as_having_been_looked_at():
    assert to_repair(upkeep(span("repair", 12, 10))) == []


def test_what_was_never_looked_at_is_due_by_its_purchase_and_where_that_is_unknown_at_once():
    assert to_repair(upkeep(of=device(bought=ago(181))))[0].due == ago(1)
    assert to_repair(upkeep(of=device(bought=None)))[0].due == TODAY


def test_an_interval_of_none_makes_nothing_due():
    assert to_repair(upkeep(of=device(bought=None)), rules=replace(RULES, service_interval_days=0)) == []


def test_a_reported_fault_is_due_until_it_is_repaired_or_restored():
    fault = span("fault", 4, row="log:7")
    (found,) = to_repair(upkeep(SERVICED, fault))
    assert (found.due, found.reasons[0].kind, found.reasons[0].rows) == (ago(4), "open_fault", ("log:7",))
    assert to_repair(upkeep(SERVICED, fault, span("restored", 2))) == []
    assert to_repair(upkeep(SERVICED, span("fault", 4, 1))) == []


def test_faults_in_the_footage_count_by_days_since_the_last_service():
    many_of_one_day = [symptom(3, kind) for kind in ("mute", "frozen", "damaged")]
    assert to_repair(upkeep(SERVICED, symptoms=many_of_one_day)) == []
    (found,) = to_repair(upkeep(SERVICED, symptoms=[symptom(5), symptom(3), symptom(1)]))
    assert (found.reasons[0].kind, found.due) == ("footage", ago(1))
    assert found.reasons[0].rows == ("log:105", "log:103", "log:101")
    assert to_repair(upkeep(span("service", 2, 2), symptoms=[symptom(5), symptom(3), symptom(1)])) == []


def test_a_recorder_that_nobody_docked_for_a_month_is_looked_for():
    assert reasons(to_repair(upkeep(SERVICED, docked=29))) == []
    assert reasons(to_repair(upkeep(SERVICED, docked=30))) == ["undocked"]
    assert reasons(to_repair(upkeep(SERVICED, docked=None))) == ["undocked"]
    assert reasons(to_repair(upkeep(SERVICED, of=device(bought=ago(10)), docked=None))) == []


@pytest.mark.parametrize("away", ["repair", "service"])
def test_what_is_away_already_is_not_planned_to_go(away):
    assert to_repair(upkeep(span("fault", 9), span(away, 2))) == []


def test_the_most_urgent_stand_first():
    late, later = upkeep(of=device("Z2", bought=ago(300))), upkeep(of=device("Z1", bought=ago(250)))
    assert [each.device.serial for each in to_repair(later, late)] == ["Z2", "Z1"]


@pytest.mark.parametrize(("bought", "over"), [(date(2021, 11, 21), True), (date(2021, 11, 22), False)])
def test_a_service_life_ends_on_the_day_it_is_over(bought, over):
    found = plan_retirements([upkeep(of=device(bought=bought))], TODAY, RULES)
    assert reasons(found) == (["life_over"] if over else [])


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)), (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)), (date(2026, 12, 31), 0, date(2026, 12, 31)),
        (date(9999, 12, 31), 6, date.max),  # never before the day itself
    ],
)  # fmt: skip
def test_a_month_later_is_the_same_day_or_the_months_last(day, months, later):
    assert months_later(day, months) == later


def test_three_repairs_are_enough_and_the_third_is_the_day():
    repairs = [span("repair", days, days - 1, row=f"log:{days}") for days in (100, 60, 20)]
    assert plan_retirements([upkeep(*repairs[:2])], TODAY, RULES) == []
    (found,) = plan_retirements([upkeep(*repairs)], TODAY, RULES)
    assert (found.due, found.reasons[0].rows) == (ago(20), ("log:100", "log:60", "log:20"))


@pytest.mark.parametrize(
    ("costs", "over"), [((49_999,), False), ((50_000,), True), ((30_000, 20_000), True), ((None, 49_000), False)]
)
def test_repairs_for_half_the_price_are_too_dear(costs, over):
    repairs = [span("repair", 50 - n, 50 - n, cost, f"log:{n}") for n, cost in enumerate(costs)]
    assert reasons(plan_retirements([upkeep(*repairs)], TODAY, RULES)) == (["repair_cost"] if over else [])


@pytest.mark.parametrize("price", [None, 0])
def test_without_a_price_no_repair_is_too_dear(price):
    assert plan_retirements([upkeep(span("repair", 9, 9, 10**6), of=device(price=price))], TODAY, RULES) == []


@pytest.mark.parametrize("gone", [{"in_service": False}, {"known": False}])
def test_what_is_out_of_service_or_was_only_seen_is_in_no_plan(gone):
    old = upkeep(of=device(bought=ago(4000), **gone))
    assert (to_repair(old), plan_retirements([old], TODAY, RULES), plan_renewals([old], [], TODAY, RULES)) == ([], [], [])


def test_what_was_retired_is_planned_no_more_though_an_end_was_written_beside_it():
    old = upkeep(span("retired", 3, 3), of=device(bought=ago(4000)))
    assert (to_repair(old), plan_retirements([old], TODAY, RULES)) == ([], [])


def unit(officers: int, *devices: Device, per=2, name="东湖大队") -> Sufficiency:
    people = tuple(OnDuty(name, f"FY{n}", "roster", "log:3") for n in range(officers))
    return Sufficiency(name, per, people, (), devices, ())


def test_a_recorder_whose_life_ends_within_a_year_is_replaced_by_then():
    soon = device(bought=date(2022, 3, 1))
    (found,) = plan_renewals([upkeep(SERVICED, of=soon)], [unit(2, soon)], TODAY, RULES)
    assert (found.until, found.replaces, found.unit) == (date(2027, 3, 1), soon, "东湖大队")


def test_what_is_overdue_is_wanted_today_and_not_in_the_past():
    (found,) = plan_renewals([upkeep(of=device(bought=date(2010, 1, 1)))], [], TODAY, RULES)
    assert found.until == TODAY


def test_a_unit_that_is_short_gets_what_it_lacks_beside_its_replacements_and_none_twice():
    old, good = device("Z1", bought=date(2015, 1, 1)), device("Z2")
    fleet = [upkeep(of=old), upkeep(SERVICED, of=good)]
    bought = plan_renewals(fleet, [unit(8, old, good)], TODAY, RULES)
    assert [p.replaces.serial if p.replaces else None for p in bought] == [None, None, "Z1"]
    assert len(plan_renewals(fleet, [unit(4, good)], TODAY, RULES)) == 1  # Z1 is broken today: its replacement is the second


def test_money_reads_as_yuan():
    assert [yuan(fen) for fen in (0, 5, 128_050)] == ["0.00", "0.05", "1280.50"]


SPANS = st.builds(
    lambda event, since, length, cost, row: Span(
        "Z", event, ago(since), None if length is None else ago(since) + timedelta(days=length), "", f"log:{row}", cost
    ),
    st.sampled_from(["repair", "fault", "service", "restored", "retired"]),
    st.integers(-10, 900),
    st.none() | st.integers(0, 40),
    st.none() | st.integers(0, 90_000),
    st.integers(1, 99),
)
UPKEEPS = st.builds(
    lambda bought, life, price, unit, in_service, spans, days, docked: Upkeep(
        Device("Z", None, unit, None if bought is None else ago(bought), None, life, in_service, True, price, "log:1"),
        tuple(spans), tuple(Symptom("Z", ago(d), "mute", "a", f"log:{d}") for d in days), None if docked is None else ago(docked),
    ),
    st.none() | st.integers(0, 3000), st.none() | st.integers(1, 96), st.none() | st.integers(0, 200_000),
    st.sampled_from(["东湖大队", "西园大队", None]), st.booleans(), st.lists(SPANS, max_size=5),
    st.lists(st.integers(0, 29), max_size=5), st.none() | st.integers(0, 60),
)  # fmt: skip


def named(fleet: list[Upkeep]) -> list[Upkeep]:
    """Each with a serial of its own."""
    return [
        replace(each, device=replace(each.device, serial=f"Z{n}"), spans=tuple(replace(s, serial=f"Z{n}") for s in each.spans))
        for n, each in enumerate(fleet)
    ]


FLEETS = st.lists(UPKEEPS, max_size=6).map(named)


@given(FLEETS)
@settings(max_examples=150)
def test_no_recorder_is_to_be_repaired_and_retired_and_only_those_that_serve_are_planned(fleet):
    repaired = [each.device.serial for each in to_repair(*fleet)]
    retired = [each.device.serial for each in plan_retirements(fleet, TODAY, RULES)]
    assert len(set(repaired + retired)) == len(repaired) + len(retired)
    serving = {each.device.serial for each in fleet if serves(each, TODAY)}
    assert set(repaired) | set(retired) <= serving


@given(FLEETS)
@settings(max_examples=100)
def test_every_planned_row_names_a_reason_with_its_leaf_and_is_due_within_the_plan(fleet):
    for each in to_repair(*fleet):
        assert each.due <= MONTH
        assert all(reason.rows for reason in each.reasons)
    for each in plan_retirements(fleet, TODAY, RULES):
        assert each.due <= TODAY
        assert all(reason.rows for reason in each.reasons)


@given(UPKEEPS, st.integers(0, 900), st.integers(0, 30), st.none() | st.integers(0, 90_000))
@settings(max_examples=150)
def test_one_more_repair_never_takes_a_recorder_out_of_the_retirement_plan(each, since, length, cost):
    more = replace(
        each, spans=(*each.spans, Span("Z", "repair", ago(since), ago(since) + timedelta(days=length), "", "log:1000", cost))
    )
    before, after = (plan_retirements([one], TODAY, RULES) for one in (each, more))
    assert len(after) >= len(before)
    assert set(reasons(before)) <= set(reasons(after))


@given(FLEETS, st.integers(0, 12), st.integers(1, 5))
@settings(max_examples=150)
def test_what_is_bought_covers_each_leaving_recorder_once_and_every_units_need(fleet, officers, per):
    serving = [each.device for each in fleet if serves(each, TODAY)]
    names = ("东湖大队", "西园大队", "")
    enough = [unit(officers, *(d for d in serving if (d.unit or "") == name), per=per, name=name) for name in names]
    bought = plan_renewals(fleet, enough, TODAY, RULES)
    replaced = [purchase.replaces.serial for purchase in bought if purchase.replaces]
    assert len(replaced) == len(set(replaced))
    assert {each.device.serial for each in plan_retirements(fleet, TODAY, RULES)} <= set(replaced)
    for each in enough:
        staying = sum(d.serial not in replaced for d in each.serviceable)
        coming = [purchase for purchase in bought if purchase.unit == each.unit]
        assert staying + len(coming) >= each.needed
        extra = sum(purchase.replaces is None for purchase in coming)
        assert extra == 0 or staying + len(coming) == each.needed  # no more than is lacking
