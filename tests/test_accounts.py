"""What containers cost and emit: by hand, and the same counted by trips and by containers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import SMALL, loaded
from costly import COSTLY
from support import figures, sampled

import sim
from sim.results.metrics import measure
from sim.views.tables import print_results

BY_HAND = """
[run]
warmup_days = 0
days = 31
start = 2001-01-01

[demand]
containers_per_year = 365
arrivals = "even"
value_of_time_usd_per_day = 10

[facilities]
border = { service_hours = 12, handling_usd = 20 }

[carbon]
tonnes_per_container = 10
rail_g_per_tonne_km = 20

[routes.rail]
freight_usd = 1_000

[routes.rail.stages]
trains = { kind = "departures", every_days = 2, capacity = 10, handling_usd = 30 }
border = { kind = "facility", facility = "border" }
line = { kind = "transit", mode = "rail", days = 10, length_km = 1_000, detour = { days = 20, length_km = 3_000, usd = 200 } }

[disruptions.flood]
target = "routes.rail.stages.line"
effect = "closed"
from = 2001-01-11
days = 1
"""  # noqa: E501  # a stage on a line

AMOUNTS = ("freight", "handling", "detour", "time_cost", "cost")
COLUMNS = ("freight_usd", "handling_usd", "detour_usd", "time_usd", "cost_usd")


def test_one_container_by_hand(tmp_path: Path) -> None:
    # Booked on day 0.5 it waits for the train of day 2, passes the border in half a day and travels
    # for ten: delivered on day 12.5 after 12 days, each worth 10 USD.
    frame = sim.simulate(loaded(tmp_path, BY_HAND)).containers.to_frame()
    first = frame.loc[0]
    assert list(first[[*COLUMNS, "co2e_kg"]]) == [1000, 30 + 20, 0, 120, 1170, 200]
    assert first["fate"] == "delivered"


def test_a_detour_costs_its_money_its_days_and_its_length(tmp_path: Path) -> None:
    # The train of day 10 comes to the line on day 10.5, which is closed from day 10 to 11. It goes
    # round: 20 days, 3,000 km and 200 USD. Container 8, booked on day 8.5, arrives on day 30.5.
    frame = sim.simulate(loaded(tmp_path, BY_HAND)).containers.to_frame()
    assert frame.loc[8, "delivered"] == 30.5
    assert list(frame.loc[8, [*COLUMNS, "co2e_kg"]]) == [1000, 50, 200, 220, 1470, 600]
    assert frame["detour_usd"].sum() == 2 * 200  # of 8 and 9 alone
    assert frame.loc[10, "co2e_kg"] == 200  # the train of day 12 finds the line open


def test_who_books_as_the_freight_changes_pays_the_new_one(tmp_path: Path) -> None:
    # Three bookings in two days: on 1/3, 1, 5/3, … Day 1 is 2 January.
    later = '[phases.dearer]\nfrom = 2001-01-02\nset = { "routes.rail.freight_usd" = 1_300 }\n'
    text = BY_HAND.replace("= 365", f"= {1.5 * 365}") + later
    frame = sim.simulate(loaded(tmp_path, text)).containers.to_frame()
    assert frame["booked"][1] == 1
    assert frame["freight_usd"][:3].tolist() == [1_000, 1_300, 1_300]


def test_who_is_not_delivered_has_no_bill(tmp_path: Path) -> None:
    frame = sim.simulate(loaded(tmp_path, BY_HAND)).containers.to_frame()
    late = frame[frame["fate"] != "delivered"]
    assert len(late)
    assert late[[*COLUMNS, "co2e_kg"]].isna().all(axis=None)


def test_means_and_totals_by_hand(tmp_path: Path) -> None:
    # In 31 days come the ten trains of days 2 to 20, each with two containers that are 12 and 11
    # days under way; those of the train that goes round are 22 and 21.
    scenario = loaded(tmp_path, BY_HAND)
    found = figures(scenario, sim.simulate(scenario))
    assert found["rail.throughput"] == pytest.approx(20 * 365 / 31)
    assert found["rail.freight_mean"] == 1000
    assert found["rail.handling_mean"] == 50
    assert found["rail.detour_mean"] == pytest.approx(2 * 200 / 20)
    assert found["rail.time_cost_mean"] == pytest.approx((18 * 115 + 2 * 215) / 20)
    total = 20 * 1050 + 400 + 18 * 115 + 2 * 215
    assert found["all.cost_total"] == pytest.approx(total * 365 / 31)
    assert found["rail.co2e_mean"] == pytest.approx((18 * 200 + 2 * 600) / 20)
    assert found["rail.co2e_total"] == pytest.approx((18 * 0.2 + 2 * 0.6) * 365 / 31)


RULES = ("share", "fastest", "cheapest", "logit")


COSTLIES = [
    {"choice.rule": rule, "run.seed": seed} for seed, rule in enumerate([*RULES, "logit"], 1)
]


@pytest.fixture(scope="module", params=sampled(COSTLIES, [COSTLIES[0], COSTLIES[-1]]))
def costly(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Costly:
    scenario = loaded(tmp_path_factory.mktemp("costly"), COSTLY).with_changes(request.param)
    return Costly(scenario)


class Costly:
    """A replication with everything on, its figures, and the table of its containers."""

    def __init__(self, scenario: sim.Scenario) -> None:
        self.scenario, self.observed = scenario, sim.simulate(scenario)
        self.found = figures(scenario, self.observed)
        self.frame = self.observed.containers.to_frame()
        ways, run = self.observed.ways, scenario.run
        parts = np.concatenate([way.class_of for way in ways if way.class_of is not None])
        booked = np.concatenate([way.booked for way in ways])
        names = np.array(ways[0].classes, dtype=object)
        self.frame["class"] = names[parts][booked.argsort(kind="stable")]
        self.came = self.frame[self.frame["delivered"] >= run.warmup_days]
        self.whole = np.arange(2) * 365 + run.warmup_days

    def parts(self) -> Iterator[tuple[str, Any, float]]:
        """Each part: its name, which containers are of it, its days."""
        came, days = self.came, self.scenario.run.days
        yield "", came, days
        for name in ("out", "home"):
            yield f"direction:{name}.", came[came["direction"] == name], days
        for name in ("urgent", "ordinary"):
            yield f"class:{name}.", came[came["class"] == name], days
        for year, first in zip((2001, 2002), self.whole, strict=True):
            here = (came["delivered"] >= first) & (came["delivered"] < first + 365)
            yield f"year:{year}.", came[here], 365


def test_everything_that_costs_happens(tmp_path: Path) -> None:
    costly = Costly(loaded(tmp_path, COSTLY))
    assert costly.came["detour_usd"].nunique() > 3  # of the sea, the line, the truck, of two
    assert costly.came.loc[costly.came["route"] == "sea", "freight_usd"].nunique() == 2
    assert costly.came.loc[costly.came["route"] == "rail", "freight_usd"].nunique() == 2


def test_totals_agree_with_the_table_of_containers_to_the_cent(costly: Costly) -> None:
    for part, some, days in costly.parts():
        for route in (*costly.scenario.routes, "all"):
            own = some if route == "all" else some[some["route"] == route]
            for amount, column in zip(AMOUNTS, COLUMNS, strict=True):
                total = costly.found[f"{route}.{part}{amount}_total"] * days / 365
                assert total == pytest.approx(own[column].sum(), abs=0.005), (route, part, column)
            kg = costly.found[f"{route}.{part}co2e_total"] * 1000 * days / 365
            assert kg == pytest.approx(own["co2e_kg"].sum(), abs=0.005)
            if len(own):
                mean = costly.found[f"{route}.{part}cost_mean"]
                assert mean == pytest.approx(own["cost_usd"].mean())


def test_routes_and_directions_sum_to_all(costly: Costly) -> None:
    for amount in (*AMOUNTS, "co2e"):
        whole = costly.found[f"all.{amount}_total"]
        by_route = [costly.found[f"{route}.{amount}_total"] for route in costly.scenario.routes]
        assert sum(by_route) == pytest.approx(whole)
        for kind, names in (("direction", ("out", "home")), ("class", ("urgent", "ordinary"))):
            parts = [costly.found[f"all.{kind}:{name}.{amount}_total"] for name in names]
            assert sum(parts) == pytest.approx(whole)


def test_time_costs_what_its_own_shipper_would_pay(costly: Costly) -> None:
    urgent = costly.came[costly.came["class"] == "urgent"]
    a_day = urgent["time_usd"] / urgent["door_to_door_days"]
    assert a_day.between(80, 120).all()


@pytest.mark.parametrize("rule", sampled(RULES, RULES[:2]))
def test_every_rule_draws_the_same_values_of_time(rule: str, tmp_path: Path) -> None:
    scenario = loaded(tmp_path, COSTLY).with_changes({"run.days": 200})
    ways = [
        sim.simulate(scenario.with_changes({"choice.rule": each})).ways for each in (rule, "logit")
    ]
    for one, other in zip(*ways, strict=True):
        assert np.array_equal(one.value_of_time, other.value_of_time)


def test_where_nothing_is_said_of_money_it_is_zero(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    found = measure(scenario, sim.simulate(scenario))
    for key, figure in found.items():
        if key.metric.startswith(AMOUNTS):
            assert figure == 0
        if key.metric.startswith("co2e"):
            assert figure is None


def test_without_a_delivery_there_is_no_mean_and_a_total_of_nothing(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, BY_HAND).with_changes({"run.days": 12})
    found = measure(scenario, sim.simulate(scenario))
    by_name = {str(key): figure for key, figure in found.items()}
    assert by_name["rail.cost_mean"] is None
    assert by_name["rail.co2e_mean"] is None
    assert by_name["rail.cost_total"] == by_name["rail.co2e_total"] == 0


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("length_km = 1_000, ", "", "has no length_km: the carbon of rail is not known"),
        ('mode = "rail", ', "", "has no mode: the carbon of rail is not known"),
        ("rail_g", "sea_g", "[carbon] has no rail_g_per_tonne_km: the carbon of rail is not known"),
    ],
)
def test_carbon_that_is_not_known_is_told(old: str, new: str, why: str, tmp_path: Path) -> None:
    scenario = loaded(tmp_path, BY_HAND.replace(old, new, 1))
    assert f"routes.rail.stages.line: {why}" in scenario.preview().warnings
    found = measure(scenario, sim.simulate(scenario))
    assert {figure for key, figure in found.items() if "co2e" in key.metric} == {None}


def test_what_nobody_took_adds_no_unknown_carbon(tmp_path: Path) -> None:
    # Nobody goes by road, of which nothing is known; all who go by rail take the detour of a leg
    # without a length: 10 t · 3,000 km · 20 g.
    road = '[routes.road.stages]\nway = { kind = "transit", mode = "road", days = 40 }\n'
    rule = '[choice]\nrule = "fastest"\n'
    text = BY_HAND.replace("length_km = 1_000, ", "", 1).replace("days = 1\n", "days = 99\n")
    text = text.replace("from = 2001-01-11", "from = 2001-01-01") + road + rule
    scenario = loaded(tmp_path, text)
    found = {str(key): x for key, x in measure(scenario, sim.simulate(scenario)).items()}
    assert found["road.throughput"] == found["road.co2e_total"] == 0
    assert found["rail.co2e_mean"] == found["all.co2e_mean"] == pytest.approx(600)


def test_a_leg_that_goes_nowhere_emits_nothing(tmp_path: Path) -> None:
    customs = 'customs = { kind = "transit", days = 0.5 }\nline ='
    scenario = loaded(tmp_path, BY_HAND.replace("line =", customs, 1))
    assert not [each for each in scenario.preview().warnings if "carbon" in each]
    assert sim.simulate(scenario).containers.to_frame().loc[0, "co2e_kg"] == 200


def printed(results: sim.Results) -> str:
    out = io.StringIO()
    print_results(results, out)
    assert max(map(len, out.getvalue().splitlines())) <= 100
    return out.getvalue()


def test_the_table_of_a_run_says_what_a_container_costs(tmp_path: Path) -> None:
    costly = loaded(tmp_path, COSTLY).with_changes({"run.days": 200})
    said = printed(sim.run(costly, jobs=1))
    assert "What a container costs [USD of 2001]" in said
    for column in ("freight", "handling", "detours", "time", "sum", "CO2e"):
        assert column in said
    assert "costs" not in printed(sim.run(loaded(tmp_path), jobs=1))


def test_a_comparison_has_one_such_table(tmp_path: Path) -> None:
    base = loaded(tmp_path, BY_HAND)
    dear = base.with_changes({"routes.rail.freight_usd": 2_000}, name="dear")
    said = printed(sim.compare([base, dear], replications=2, jobs=1))
    assert said.count("What a container costs [USD]") == 1
    assert "1,195 ± 0" in said  # 1,000 + 50 + (18 x 115 + 2 x 215 + 2 x 200) / 20
    assert "2,195 ± 0" in said


def test_a_mean_cost_needs_a_steady_state_and_freight_does_not(tmp_path: Path) -> None:
    text = SMALL.replace("[routes.rail]", "[routes.rail]\nfreight_usd = 900", 1)
    overload = {"routes.sea.closed": True, "routes.rail.max_wait_days": "unlimited"}
    results = sim.run(loaded(tmp_path, text).with_changes(overload), jobs=1)
    assert results.value("rail.freight_mean") == 900
    assert results.value("rail.cost_mean") is None
