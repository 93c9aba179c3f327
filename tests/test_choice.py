"""How routes are chosen: shares, refusals, three routes, and what figures depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from corridors import SMALL, loaded

import sim
from sim.corridor.posters import Posters
from sim.corridor.streams import quantile, stream
from sim.results.metrics import measure
from sim.results.observations import Way

THREE = """
[run]
warmup_days = 60
days = 300

[demand]
containers_per_year = 100_000
value_of_time_usd_per_day = { lognormal = { median = 25, p95 = 180 } }

[routes.air]
freight_usd = 3_000
[routes.air.stages]
flight = { kind = "transit", days = 2 }

[routes.rail]
freight_usd = 1_500
[routes.rail.stages]
trains = { kind = "departures", every_days = 0.25, capacity = 100_000 }
line = { kind = "transit", days = 15 }

[routes.sea]
freight_usd = 1_000
constant_usd = -100
[routes.sea.stages]
sailing = { kind = "departures", every_days = 1, capacity = 100_000 }
voyage = { kind = "transit", days = 35 }

[choice]
rule = "cheapest"
shares = { air = 0.2, rail = 0.3, sea = 0.5 }
"""


def taken(observed: Way) -> dict[str, float]:
    """The share of bookings that each route took, and "none"."""
    names = [*(route.name for route in observed.routes), "none"]
    counts = np.bincount(observed.taken % len(names), minlength=len(names))
    return dict(zip(names, counts / len(observed.taken), strict=True))


def test_share_is_a_draw_by_probabilities(tmp_path: Path) -> None:
    observed = sim.simulate(loaded(tmp_path, THREE.replace('"cheapest"', '"share"'))).way()
    for route, share in {"air": 0.2, "rail": 0.3, "sea": 0.5}.items():
        spread = (share * (1 - share) / len(observed.taken)) ** 0.5
        assert abs(taken(observed)[route] - share) < 4 * spread


def test_cheapest_by_value_of_time_with_three_routes(tmp_path: Path) -> None:
    # Without queues air costs 3000 + 2v, rail about 1500 + 15.125v, sea 900 + 35.5v. So sea is
    # cheapest below v1 = 600/20.375 = 29.4 USD a day and air above v2 = 1500/13.125 = 114.3;
    # the lognormal distribution says how many containers that is.
    observed = sim.simulate(loaded(tmp_path, THREE)).way()
    sigma = np.log(180 / 25) / 1.6448536269514722
    below = {v: normal_cdf(np.log(v / 25) / sigma) for v in (600 / 20.375, 1500 / 13.125)}
    sea, not_air = below.values()
    expected = {"sea": sea, "rail": not_air - sea, "air": 1 - not_air}
    for route, share in expected.items():
        assert taken(observed)[route] == pytest.approx(share, abs=0.01)


UNCROWDED = """
[run]
warmup_days = 0
days = 365
[demand]
containers_per_year = 400_000
value_of_time_usd_per_day = 20
[routes.air]
freight_usd = 1_700
[routes.air.stages]
flight = { kind = "transit", days = 2 }
[routes.rail]
freight_usd = 1_250
constant_usd = 100
[routes.rail.stages]
line = { kind = "transit", days = 15 }
[routes.sea]
freight_usd = 1_000
[routes.sea.stages]
voyage = { kind = "transit", days = 35 }
[choice]
rule = "logit"
scale_usd = 150
"""
"""Nothing waits and all value time alike: generalised costs are 1,740, 1,650 and 1,700 USD."""


def test_logit_gives_the_shares_of_the_softmax(tmp_path: Path) -> None:
    # McFadden 1974. With two routes a wrong sign of the Gumbel draws would not show; with three it
    # does: rail's share would be .466 instead of .441.
    observed = sim.simulate(loaded(tmp_path, UNCROWDED)).way()
    utility = {"air": -1_740 / 150, "rail": -1_650 / 150, "sea": -1_700 / 150}
    total = sum(np.exp(list(utility.values())))
    for route, value in utility.items():
        share = np.exp(value) / total
        spread = (share * (1 - share) / len(observed.taken)) ** 0.5
        assert abs(taken(observed)[route] - share) < 4 * spread


def test_logit_without_a_scale_is_the_least_cost(tmp_path: Path) -> None:
    base = loaded(tmp_path, THREE)
    cheapest = sim.simulate(base).way()
    logit = sim.simulate(base.with_changes({"choice.rule": "logit", "choice.scale_usd": 0})).way()
    assert (logit.taken == cheapest.taken).all()


def test_a_new_route_leaves_the_luck_of_the_others_unchanged(tmp_path: Path) -> None:
    # A stream of luck per route: who does not take the new route takes what it took without it.
    # Its name comes first in the alphabet, so streams by position would all have moved.
    three = loaded(tmp_path, UNCROWDED)
    before = sim.simulate(three.with_changes({"routes.air.closed": True})).way()
    after = sim.simulate(three).way()
    assert before.routes[0].name == "rail"
    assert after.routes[0].name == "air"
    stayed = after.taken > 0
    assert 0.6 < stayed.mean() < 0.8
    assert (after.taken[stayed] - 1 == before.taken[stayed]).all()


def test_who_is_refused_takes_the_best_of_the_rest_by_its_own_luck(tmp_path: Path) -> None:
    # Rail is full for all but its first container a day: the others divide as without it.
    trains = 'stages]\ntrains = { kind = "departures", every_days = 1, capacity = 1 }\n'
    text = UNCROWDED.replace("[routes.rail.stages]\n", "max_wait_days = 1\n[routes.rail." + trains)
    full = sim.simulate(loaded(tmp_path, text)).way()
    without = sim.simulate(loaded(tmp_path, text).with_changes({"routes.rail.closed": True})).way()
    others = full.taken != 1
    assert np.count_nonzero(~others) == pytest.approx(365, abs=2)
    assert (np.array([0, -1, 1])[full.taken[others]] == without.taken[others]).all()


def normal_cdf(x: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(x))


def test_who_is_refused_chooses_again_by_the_remaining_shares(tmp_path: Path) -> None:
    # Rail has no room at all within half an hour: air and sea divide its 30 % as 2 to 5.
    closed = THREE.replace('"cheapest"', '"share"').replace(
        "freight_usd = 1_500", "max_wait_days = 0.0"
    )
    observed = sim.simulate(loaded(tmp_path, closed)).way()
    shares = taken(observed)
    assert shares["rail"] < 0.001
    assert shares["air"] == pytest.approx(2 / 7, abs=0.01)
    assert shares["sea"] == pytest.approx(5 / 7, abs=0.01)
    assert len(observed.route("rail").refused) == pytest.approx(0.3 * len(observed.taken), rel=0.05)


def test_where_the_remaining_shares_are_zero_it_is_unserved(tmp_path: Path) -> None:
    text = SMALL.replace('"fastest"', '"share"\nshares = { rail = 1, sea = 0 }')
    measures = measure(loaded(tmp_path, text), sim.simulate(loaded(tmp_path, text)))
    figures = {str(key): value for key, value in measures.items()}
    assert figures["rail.throughput"] == pytest.approx(8_000, rel=0.02)
    assert figures["all.unserved"] == figures["rail.unserved"] == figures["rail.refused"]
    assert figures["rail.unserved"] == pytest.approx(12_000, rel=0.05)
    assert figures["sea.booked"] == 0


@pytest.mark.parametrize("change", [{"routes.rail.closed": True}, {"TRAINS.annual_capacity": 0}])
def test_a_closed_route_takes_no_part(change: dict[str, Any], tmp_path: Path) -> None:
    base = loaded(
        tmp_path, SMALL.replace('"fastest"', '"share"\nshares = { rail = 0.4, sea = 0.6 }')
    )
    changes = {k.replace("TRAINS", "routes.rail.stages.trains"): v for k, v in change.items()}
    results = sim.run(base.with_changes(changes), replications=1, jobs=1)
    assert results.value("rail.share") == 0
    assert results.value("rail.load_factor") is None
    assert results.value("all.unserved") == 0
    assert results.value("sea.booked") == results.value("all.booked")


def test_with_every_route_closed_all_are_unserved(tmp_path: Path) -> None:
    scenario = loaded(tmp_path).with_changes(
        {"routes.rail.closed": True, "routes.sea.closed": True}
    )
    assert any("unserved" in warning for warning in scenario.preview().warnings)
    results = sim.run(scenario, replications=1, jobs=1)
    assert results.value("all.unserved") == pytest.approx(20_000, rel=0.05)
    assert results.value("all.throughput") == 0


RULES: list[dict[str, Any]] = [
    {"choice.rule": "fastest"},
    {"choice.rule": "fastest", "routes.rail.max_wait_days": "unlimited"},
    {"choice.rule": "fastest", "routes.rail.max_wait_days": 0.1, "routes.sea.max_wait_days": 0.4},
    {"choice.rule": "cheapest", "demand.value_of_time_usd_per_day": {"exponential": 30}},
    {"choice.rule": "share", "choice.shares": {"rail": 0.6, "sea": 0.4}},
    {
        "choice.rule": "logit", "choice.scale_usd": 150, "routes.sea.freight_usd": 600,
        "demand.value_of_time_usd_per_day": {"lognormal": {"median": 10, "p95": 80}},
    },
]  # fmt: skip
SHORT = {"run.warmup_days": 20, "run.days": 20, "routes.rail.freight_usd": 400}


@pytest.mark.parametrize("changes", RULES, ids=lambda changes: "-".join(map(str, changes.values())))
def test_exact_figures_do_not_depend_on_when_they_are_posted(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    # Both routes begin with departures and have no queue further on: a timetable tells who leaves
    # when, so deciding the bookings of an hour at once or those of four days is the same.
    base = loaded(tmp_path).with_changes({"routes.rail.freight_usd": 400, **changes})
    hourly = sim.simulate(base.with_changes({"choice.posted_every_hours": 1}))
    for hours in (24, 100):
        other = sim.simulate(base.with_changes({"choice.posted_every_hours": hours}))
        assert (hourly.way().taken == other.way().taken).all()
        assert (hourly.containers.delivered == other.containers.delivered).all()


@pytest.mark.parametrize("changes", RULES, ids=lambda changes: "-".join(map(str, changes.values())))
def test_the_block_decides_as_one_by_one_would(changes: dict[str, Any], tmp_path: Path) -> None:
    """A slot counter per departure, one container after the other, no arrays."""
    scenario = loaded(tmp_path).with_changes(SHORT | changes)
    observed = sim.simulate(scenario).way()
    assert observed.taken.tolist() == one_by_one(scenario, observed.booked.tolist())


CHAINED = SMALL.replace(
    "[routes.rail.stages]",
    """[routes.rail.stages]
    lorry = { kind = "transit", days = [0, 1] }
    feeder = { kind = "departures", every_days = 0.5, capacity = 40 }
    crossing = { kind = "transit", days = [1, 2] }""",
)


@pytest.mark.parametrize("text", [SMALL, CHAINED], ids=["simple", "chained"])
@pytest.mark.parametrize("changes", RULES, ids=lambda changes: "-".join(map(str, changes.values())))
def test_rounds_and_the_loop_decide_the_same(
    text: str, changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = loaded(tmp_path, text).with_changes(SHORT | changes)
    by_rounds = sim.simulate(scenario)
    monkeypatch.setattr("sim.corridor.choice.MOST_ROUNDS", 1)
    by_loop = sim.simulate(scenario)
    assert (by_rounds.way().taken == by_loop.way().taken).all()
    assert (by_rounds.containers.delivered == by_loop.containers.delivered).all()


def test_routes_that_compete_evenly_are_decided_in_bounded_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Lorries that take one container each: containers alternate, a round would settle one of them.
    lorries = 'kind = "departures", per_day = 100, capacity = 1'
    routes = "".join(
        f"[routes.{name}.stages]\ngo = {{ {lorries} }}\nway = {{ kind = 'transit', days = 5 }}\n"
        for name in "abc"
    )
    text = "[run]\nwarmup_days = 0\ndays = 8\n[demand]\ncontainers_per_year = 91_250\n" + routes
    rounds = count_calls(monkeypatch, Posters, "post")
    observed = sim.simulate(loaded(tmp_path, text + '[choice]\nrule = "fastest"\n')).way()
    assert np.bincount(observed.taken).min() > 0.2 * len(observed.taken)
    assert len(rounds) <= 8 * 103


def count_calls(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[None]:
    calls: list[None] = []
    original = getattr(owner, name)

    def counted(*arguments: Any) -> Any:
        calls.append(None)
        return original(*arguments)

    monkeypatch.setattr(owner, name, counted)
    return calls


def one_by_one(scenario: sim.Scenario, booked: list[float]) -> list[int]:
    routes = list(scenario.open_routes.values())
    place = [0] * len(routes)
    own, taken = tastes(scenario, len(booked)), []
    for number, day in enumerate(booked):
        offers = []
        for row, route in enumerate(routes):
            (departures,) = route.departures.values()
            first = 1
            while first * departures.headway < day:
                first += max(1, int((day - first * departures.headway) / departures.headway))
            mine = max(place[row], first * departures.capacity)
            wait = mine // departures.capacity * departures.headway - day
            offers.append((mine, wait, wait + route.transit_days))
        scores = [score(scenario, row, own, number, days) for row, (*_, days) in enumerate(offers)]
        open_ = [r for r, o in enumerate(offers) if o[1] <= routes[r].max_wait_days]
        best = min(open_, key=lambda row: (scores[row], row)) if open_ else -1
        if open_:
            place[best] = offers[best][0] + 1
        taken.append(best)
    return taken


class Tastes(NamedTuple):
    """What containers think: value of time, and exponential luck by route."""

    value_of_time: np.ndarray
    luck: list[np.ndarray]


def tastes(scenario: sim.Scenario, containers: int) -> Tastes:
    seed, value = scenario.run.seed, scenario.demand.value_of_time_usd_per_day
    return Tastes(
        quantile(value, stream(seed, 0, "demand.value_of_time").random(containers)),
        [
            stream(seed, 0, f"choice.luck.{name}").standard_exponential(containers)
            for name in scenario.open_routes
        ],
    )


def score(scenario: sim.Scenario, row: int, own: Tastes, number: int, days: float) -> Any:
    name, route = list(scenario.open_routes.items())[row]
    cost = route.freight_usd + route.constant_usd + own.value_of_time[number] * days
    luck = own.luck[row][number]
    if scenario.choice.rule == "fastest":
        return days
    if scenario.choice.rule == "cheapest":
        return cost
    if scenario.choice.rule == "logit":
        gumbel = -np.log(luck)
        return cost - (scenario.choice.scale_usd or 0) * gumbel
    return luck / scenario.choice.shares_of(None)[name]


def test_a_dislike_of_all_routes_alike_settles_no_tie_by_rounding(tmp_path: Path) -> None:
    # 3 × 0.1 is a hair more than 0.3: of two trains that leave together the second is the cheaper.
    route = """
    [routes.{name}]
    constant_usd = {usd}
    [routes.{name}.stages]
    trains = {{ kind = "departures", every_days = {every}, capacity = 100 }}
    line = {{ kind = "transit", days = 0 }}
    """
    head = """
    [run]
    warmup_days = 0
    days = 0.4
    [demand]
    containers_per_year = 36_500
    value_of_time_usd_per_day = 60
    arrivals = "even"
    [choice]
    rule = "cheapest"
    posted_every_hours = 1
    """
    taken = [
        sim.simulate(
            loaded(
                tmp_path,
                head
                + route.format(name="often", usd=usd, every=0.1)
                + route.format(name="rarely", usd=usd, every=0.3),
            )
        )
        .way()
        .taken.tolist()
        for usd in (0, 1_024)
    ]
    assert taken[0] == taken[1]
    assert set(taken[0]) == {0, 1}
