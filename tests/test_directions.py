"""Two directions by hand: routes backwards, capacity by halves, shares and streams of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corridors import loaded
from support import figures, lawful_run

import sim

# Two bookings a day, one in each direction, at 1/2, 3/2, 5/2, … days.
DAILY = """
[run]
warmup_days = 0
days = 12
[demand]
containers_per_year = 730
arrivals = "even"
[demand.directions]
out = 0.5
home = 0.5
"""
CHAIN = """
[routes.rail.stages]
lorry = { kind = "transit", days = 0.25 }
feeder = { kind = "departures", every_days = 2, capacity = 9 }
crossing = { kind = "transit", days = 0.5 }
port = { kind = "transit", days = 0.25 }
trains = { kind = "departures", every_days = 1, capacity = 9 }
line = { kind = "transit", days = 3 }
"""


def delivered(observed: sim.Observations, direction: str) -> list[float]:
    """The days on which the containers of a direction come, before the horizon."""
    here = observed.containers.direction == observed.containers.directions.index(direction)
    days = observed.containers.delivered[here]
    came: list[float] = days[days < np.inf].tolist()
    return came


def test_the_opposite_direction_runs_from_departures_to_departures_backwards(
    tmp_path: Path,
) -> None:
    observed = lawful_run(loaded(tmp_path, DAILY + CHAIN))
    out, home = observed.route("rail", "out"), observed.route("rail", "home")
    assert [each.stage for each in out.approach] == ["lorry"]
    assert [leg.name for leg in out.legs] == ["feeder", "trains"]
    assert [each.stage for each in out.legs[0].passages] == ["crossing", "port"]
    # Home a container takes the train first, then the ship, then the lorry.
    assert home.approach == ()
    assert [leg.name for leg in home.legs] == ["trains", "feeder"]
    assert [[each.stage for each in leg.passages] for leg in home.legs] == [
        ["line"],
        ["port", "crossing", "lorry"],
    ]
    # Out: ready 3/4, 7/4 | 11/4, 15/4, the ship leaves on 2 | 4, is through on 2.75 | 4.75, the
    # train leaves on 3 | 5.
    assert delivered(observed, "out") == [6, 6, 8, 8, 10, 10]
    # Home: trains on 1, 2, 3, … arrive on 4, 5, 6, …; ships of 4, 6, 6, 8, 8, 10, 10 land a day
    # later.
    assert delivered(observed, "home") == [5, 7, 7, 9, 9, 11, 11]


def test_both_directions_are_one_list_of_containers(tmp_path: Path) -> None:
    # In the order of booking; of one moment, those of the first direction come first.
    text = DAILY.replace("out = 0.5\nhome = 0.5", "out = 0.75\nhome = 0.25")
    observed = lawful_run(loaded(tmp_path, text.replace("730", "1_460") + CHAIN))
    seen = observed.containers
    assert len(seen) == sum(len(way.booked) for way in observed.ways)
    assert seen.directions == ("out", "home")
    assert (np.diff(seen.booked) >= 0).all()
    assert seen.direction[:8].tolist() == [0, 0, 1, 0, 0, 0, 1, 0]
    for number, way in enumerate(observed.ways):
        assert seen.booked[seen.direction == number].tolist() == way.booked.tolist()
    frame = seen.to_frame()
    assert frame["direction"].tolist()[:4] == ["out", "out", "home", "out"]
    rail = [leg for way in observed.ways for leg in way.route("rail").legs]
    assert seen.wait.sum() == pytest.approx(sum(waited(leg) for leg in rail))


def waited(leg: sim.results.observations.Leg) -> float:
    return float((np.repeat(leg.departed, leg.loads) - leg.since[: leg.boarded]).sum())


TRAINS = """
[routes.rail.stages]
trains = {{ kind = "departures", {timetable}, capacity = 2 }}
line = {{ kind = "transit", days = 1 }}
"""


@pytest.mark.parametrize(
    ("timetable", "days"),
    [
        ("every_days = 2", [2, 4, 6, 8, 10]),  # of each direction
        ("per_day = 0.5", [2, 4, 6, 8, 10]),  # of each direction
        ("annual_capacity = 730", [2, 4, 6, 8, 10]),  # of both: a train a day, half of them out
    ],
)
def test_a_yearly_capacity_is_shared_by_halves(
    tmp_path: Path, timetable: str, days: list[float]
) -> None:
    scenario = loaded(tmp_path, DAILY + TRAINS.format(timetable=timetable))
    observed = lawful_run(scenario)
    for direction in ("out", "home"):
        (leg,) = observed.route("rail", direction).legs
        assert leg.departed.tolist() == days
        assert leg.yearly_capacity == 365
    assert scenario.yearly_capacity("rail") == 730
    assert figures(scenario, observed)["rail.stage:trains.yearly_capacity"] == 730


def test_an_imbalance_leaves_places_unused(tmp_path: Path) -> None:
    # 1.5 containers a day out and 0.5 home meet one place a day each way: out two thirds leave,
    # home every second place is empty, though both together just fit.
    text = DAILY.replace("out = 0.5\nhome = 0.5", "out = 0.75\nhome = 0.25")
    text += TRAINS.format(timetable="annual_capacity = 730")
    scenario = loaded(tmp_path, text).with_changes({"run.days": 365.5})
    found = figures(scenario, lawful_run(scenario))
    assert found["rail.direction:out.load_factor"] == 1
    assert found["rail.direction:home.load_factor"] == pytest.approx(0.5, abs=0.01)
    assert found["rail.load_factor"] == pytest.approx(0.75, abs=0.01)
    assert found["rail.direction:out.backlog_growth"] == pytest.approx(365 / 2, abs=2)
    assert found["rail.direction:home.backlog_growth"] == pytest.approx(0, abs=2)
    for metric in ("throughput", "booked", "backlog_end", "under_way_mean"):
        ways = [found[f"rail.direction:{each}.{metric}"] for each in ("out", "home")]
        assert found[f"rail.{metric}"] == pytest.approx(sum(ways))
    # A share is of the demand of its direction.
    assert found["rail.direction:out.share"] == pytest.approx(2 / 3, abs=0.01)
    assert found["rail.direction:home.share"] == pytest.approx(1, abs=0.01)
    assert found["rail.share"] == pytest.approx(0.75, abs=0.01)


TWO_ROUTES = """
[routes.rail.stages]
line = { kind = "transit", days = 1 }
[routes.sea.stages]
voyage = { kind = "transit", days = 3 }
[choice]
rule = "share"
"""


def test_each_direction_has_shares_of_its_own(tmp_path: Path) -> None:
    shares = "[choice.shares]\nout = { rail = 1 }\nhome = { rail = 0.25, sea = 0.75 }\n"
    scenario = loaded(tmp_path, DAILY.replace("730", "73_000") + TWO_ROUTES + shares)
    observed = lawful_run(scenario)
    assert (observed.way("out").taken == 0).all()
    by_rail = (observed.way("home").taken == 0).mean()
    assert abs(by_rail - 0.25) < 4 * (0.25 * 0.75 / 1_200) ** 0.5


def test_shares_by_route_are_those_of_both_directions(tmp_path: Path) -> None:
    shares = "[choice.shares]\nrail = 0.25\nsea = 0.75\n"
    observed = lawful_run(loaded(tmp_path, DAILY.replace("730", "73_000") + TWO_ROUTES + shares))
    for way in observed.ways:
        assert abs((way.taken == 0).mean() - 0.25) < 4 * (0.25 * 0.75 / 1_200) ** 0.5
    out, home = (way.taken for way in observed.ways)
    assert (out != home).any(), "each direction has luck of its own"


RANDOM = """
[run]
warmup_days = 0
days = 60
[demand]
containers_per_year = 3_650
directions = { out = 0.5, home = 0.5 }
[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 5 }
line = { kind = "transit", days = [2, 6] }
"""


def test_directions_meet_only_at_facilities(tmp_path: Path) -> None:
    # Whatever comes the other way: bookings, trains and transits of one direction are its own.
    both = loaded(tmp_path, RANDOM)
    more = both.with_changes({"demand.directions": {"out": 0.2, "home": 0.8}}).with_changes(
        {"demand.containers_per_year": 3_650 / 0.4}
    )
    one, other = lawful_run(both), lawful_run(more)
    assert (one.way("out").booked == other.way("out").booked).all()
    assert len(one.way("home").booked) < 0.6 * len(other.way("home").booked)
    mine, same = one.route("rail", "out").legs[0], other.route("rail", "out").legs[0]
    assert (mine.arrived == same.arrived).all()
    assert (mine.loads == same.loads).all()
    assert (mine.arrived != one.route("rail", "home").legs[0].arrived).any()


def test_the_name_of_a_direction_is_its_random_numbers_and_not_its_place(tmp_path: Path) -> None:
    # A route without an order in space is the same backwards, so what is first settles nothing.
    first = loaded(tmp_path, RANDOM)
    turned = loaded(tmp_path, RANDOM.replace("out = 0.5, home = 0.5", "home = 0.5, out = 0.5"))
    assert turned.directions == ("home", "out")
    assert figures(first, sim.simulate(first)) == pytest.approx(
        figures(turned, sim.simulate(turned)), rel=1e-12
    )


def test_all_containers_in_one_direction_are_those_of_a_corridor_without(tmp_path: Path) -> None:
    # Timetables by days count for each direction, so nothing else differs.
    text = RANDOM.replace("directions = { out = 0.5, home = 0.5 }\n", 'arrivals = "even"\n')
    alone = figures(scenario := loaded(tmp_path, text), lawful_run(scenario))
    split = scenario.with_changes({"demand.directions": {"out": 1, "home": 0}})
    found = figures(split, lawful_run(split))
    assert found["rail.direction:out.booked"] == alone["rail.booked"]
    assert found["rail.direction:home.booked"] == 0
    assert found["rail.direction:out.load_factor"] == alone["rail.load_factor"]
    assert "rail.direction:home.share" not in found  # of no demand
    assert "rail.direction:home.door_to_door_mean" not in found


def test_what_is_said_before_a_run_is_of_each_direction(tmp_path: Path) -> None:
    # A train in 12 days each way: half of that, and 4 more. 456 places a year, 400 or 584 out.
    text = DAILY.replace("out = 0.5", "out = 0.8").replace("home = 0.5", "home = 0.2")
    rail = f"""
[routes.rail]
promise_days = 6
[routes.rail.stages]
trains = {{ kind = "departures", annual_capacity = {30 * 365 / 12}, capacity = 15 }}
line = {{ kind = "transit", days = 4 }}
"""
    preview = loaded(tmp_path, text + rail).preview()
    route = preview.route("rail")
    assert route.free_flow_days == pytest.approx(12 / 2 + 4)
    assert any("6 days is less than a free-flow trip takes" in each for each in preview.warnings)
    assert route.demand < route.yearly_capacity
    assert route.binds == "trains"
    fewer = loaded(tmp_path, text.replace("= 730", "= 500") + rail).preview().route("rail")
    assert fewer.binds is None
