"""The plain model alone: worked by hand where nothing is random, else against queueing theory."""

from __future__ import annotations

import tomllib

import pytest
import reference
from reference_document import Spec, eras, turned
from reference_metrics import Figures
from support import agreement, sampled

# Two bookings a day, at .25 and .75; a train each day from day 1 on; half a day to the border.
TRAINS = """
    trains = { kind = "departures", every_days = 1, capacity = 10 }
    line = { kind = "transit", days = 0.5 }
    border = { kind = "facility", facility = "border" }
"""


def simulated(text: str, *, days: float = 5, seed: int = 1) -> Figures:
    run = {"warmup_days": 0, "days": days}
    document = tomllib.loads(text)
    document["run"] = {**run, **document.get("run", {})}
    return reference.simulate(document, seed=seed)


def even(a_day: float, more: str = "") -> str:
    return f'[demand]\ncontainers_per_year = {a_day * 365}\narrivals = "even"\n{more}\n'


def rail(facility: str) -> str:
    return f"{even(2)}[facilities.border]\n{facility}\n[routes.rail.stages]{TRAINS}"


def test_trains_queue_for_a_server_and_are_served_longer_the_more_they_carry() -> None:
    found = simulated(rail("service_hours = 30\nhours_per_container = 3"))
    # Trains come at 1.5, 2.5, 3.5 and are served from 1.5, 3, 4.5 for 36 hours.
    assert found["all.facility:border.queueing_mean"] == 0.5
    assert found["all.facility:border.utilisation"] == 0.7
    assert found["rail.throughput"] == 4 * 365 / 5
    assert found["rail.door_to_door_mean"] == (2.75 + 2.25 + 3.25 + 2.75) / 4


def test_with_a_headway_trains_go_on_at_once_and_keep_the_next_off() -> None:
    found = simulated(rail("headway_hours = 30\nhours_per_container = 3"))
    assert found["all.facility:border.queueing_mean"] == 0.5
    assert found["all.facility:border.utilisation"] == 0.7
    assert found["rail.door_to_door_mean"] == (1.25 + 0.75 + 1.75 + 1.25 + 2.25 + 1.75) / 6


def test_a_second_server_ends_the_queue() -> None:
    found = simulated(rail("service_hours = 30\nhours_per_container = 3\nservers = 2"))
    assert found["all.facility:border.queueing_mean"] == 0
    assert found["all.facility:border.utilisation"] == (1.5 + 1.5 + 1.5 + 0.5) / 10


@pytest.mark.parametrize(("priority", "queueing"), [(1, 0), (-1, 0.5)])
def test_of_two_who_come_together_the_greater_priority_goes_first(
    priority: int, queueing: float
) -> None:
    found = simulated(
        even(2)
        + '[facilities.border]\nservice_hours = 12\ndiscipline = "priority"\n'
        + f"[routes.rail]\npriority = {priority}\n[routes.rail.stages]{TRAINS}"
        + f"[routes.sea.stages]{TRAINS}"  # empty trains run too
        + '[choice]\nrule = "share"\nshares = { rail = 1, sea = 0 }'
    )
    # Trains of both come at 1.5, 2.5, 3.5, 4.5; the last of the second is not served by day 5.
    assert found["rail.door_to_door_mean"] == 0.5 + 0.5 + queueing + 0.5
    assert found["all.facility:border.queueing_mean"] == pytest.approx(3 * 0.5 / 7)


def test_a_place_that_comes_free_goes_to_the_greater_priority_of_that_instant() -> None:
    found = simulated(
        even(2)
        + '[facilities.border]\nservice_hours = 24\ndiscipline = "priority"\n'
        + f"[routes.rail]\npriority = 1\n[routes.rail.stages]{TRAINS}"
        + f"[routes.sea.stages]{TRAINS}"
        + '[choice]\nrule = "share"\nshares = { rail = 1, sea = 0 }'
    )
    # Rail's train of 2.5 comes as that of 1.5 ends; the other route's waits on, for ever.
    assert found["all.facility:border.queueing_mean"] == 0
    assert found["all.facility:border.utilisation"] == 3.5 / 5


BOTH_WAYS = """
    directions = { out = 0.5, back = 0.5 }
    [routes.rail.stages]
    trains = { kind = "departures", every_days = 1, capacity = 10 }
    line = { kind = "transit", days = 0.5 }
    border = { kind = "facility", facility = "border" }
    yard = { kind = "transit", days = 0.5 }
    [facilities.border]
    service_hours = 12
"""


def test_both_directions_share_a_facility() -> None:
    found = simulated(even(2, BOTH_WAYS), days=5.5)
    # A train of each comes at 1.5, 2.5, 3.5, 4.5; one of them waits for the other.
    assert found["all.facility:border.queueing_mean"] == 0.25
    assert found["all.facility:border.utilisation"] == 8 * 0.5 / 5.5


def test_each_way_has_servers_of_its_own() -> None:
    found = simulated(even(2, BOTH_WAYS + "each_way = true"), days=5.5)
    assert found["all.facility:border.queueing_mean"] == 0
    assert found["all.facility:border.utilisation"] == 8 * 0.5 / (2 * 5.5)


def test_a_yearly_capacity_is_half_each_way_and_a_share_is_of_the_direction() -> None:
    found = simulated(
        even(
            3,
            """
            directions = { out = 0.6666666666666666, back = 0.3333333333333333 }
            [routes.rail.stages]
            trains = { kind = "departures", annual_capacity = 730, capacity = 1 }
            """,
        ),
        days=100,
    )
    # Out two a day are booked and one leaves; back there is room for all. The window is half open.
    assert found["rail.direction:out.throughput"] == 99 * 365 / 100
    assert found["rail.direction:back.throughput"] == 99 * 365 / 100
    assert found["rail.direction:out.share"] == pytest.approx(0.495)
    assert found["rail.direction:back.share"] == pytest.approx(0.99)
    assert found["rail.share"] == pytest.approx(0.66)
    assert found["rail.direction:out.load_factor"] == found["rail.load_factor"] == 1


def test_the_opposite_direction_goes_through_runs_and_stages_backwards() -> None:
    kinds = {"truck": "t", "port": "f", "ship": "d", "sea": "t", "train": "d", "a": "t", "b": "t"}
    stages: dict[str, Spec] = {
        name: {"kind": "departures" if kind == "d" else "transit"} for name, kind in kinds.items()
    }
    assert list(turned(stages)) == ["train", "b", "a", "ship", "sea", "port", "truck"]
    assert list(turned({n: stages[n] for n in ("a", "b")})) == ["b", "a"]


def test_urgent_cargo_boards_first_and_is_ahead_in_what_is_posted() -> None:
    found = simulated(
        even(
            2,
            """
            [demand.classes]
            plain = { share = 0.5 }
            urgent = { share = 0.5, priority = 1 }
            [routes.rail.stages]
            trains = { kind = "departures", every_days = 1, capacity = 1 }
            """,
        ),
        days=100,
    )
    # One of each a day, one place a day: urgent cargo takes it, plain cargo stays but for none.
    assert found["rail.class:urgent.throughput"] == 99 * 365 / 100
    assert found["rail.class:plain.throughput"] == 0
    assert found["rail.class:urgent.share"] == pytest.approx(0.99)
    assert found["all.backlog_end"] == 101


def test_only_those_of_at_least_its_own_priority_are_ahead_of_a_booker() -> None:
    found = simulated(
        even(
            2,
            """
            [demand.classes]
            plain = { share = 0.5 }
            urgent = { share = 0.5, priority = 1 }
            [routes.rail]
            max_wait_days = 1
            [routes.rail.stages]
            trains = { kind = "departures", every_days = 1, capacity = 1 }
            """,
        ),
        days=100,
    )
    # Whoever is plain and finds one ahead is refused; to the urgent the plain one is no hindrance.
    assert found["rail.class:urgent.refused"] == 0
    assert found["rail.class:plain.refused"] == found["rail.class:plain.unserved"]
    assert found["rail.class:plain.refused"] == 99 * 365 / 100


def test_demand_grows_by_the_year_and_moves_with_the_months() -> None:
    found = simulated(
        """
        [run]
        start = 2001-01-01
        warmup_days = 365
        days = 730
        [demand]
        containers_per_year = 1_200
        arrivals = "even"
        growth_per_year = 0.5
        monthly = [3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
        [routes.rail.stages]
        line = { kind = "transit", days = 0 }
        """
    )
    assert found["all.year:2001.booked"] == 1_200
    assert found["all.year:2002.booked"] == 1_800
    assert found["all.booked"] == 1_500
    assert found["all.share"] == pytest.approx(1)


@pytest.mark.parametrize(("start", "first"), [("2001-01-01", 3), ("2001-02-01", 1)])
def test_the_first_month_is_that_of_the_start(start: str, first: int) -> None:
    month = 365 / 12
    found = simulated(
        f"""
        [run]
        start = {start}
        warmup_days = 90
        days = {month}
        [demand]
        containers_per_year = 1_400
        arrivals = "even"
        monthly = [3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
        [routes.rail.stages]
        line = {{ kind = "transit", days = 0 }}
        """
    )
    assert found["all.booked"] == pytest.approx(1_200 * first, abs=13)  # a container is 12 a year


PHASE = """
    [run]
    start = 2001-01-01
    days = 10
    [demand]
    containers_per_year = 365
    arrivals = "even"
    [routes.rail.stages]
    trains = { kind = "departures", every_days = 2, capacity = 3 }
    line = { kind = "transit", days = 0.25 }
    [phases.later]
    from = 2001-01-05
"""


def test_a_changed_timetable_begins_anew_after_a_last_departure_on_the_date() -> None:
    found = simulated(PHASE + 'set = { "routes.rail.stages.trains.every_days" = 2.25 }')
    # Trains leave at 2, 4, then 6.25, 8.5; containers come at .5, 1.5, …, the last boards at once.
    waits = [1.5, 0.5, 1.5, 0.5, 1.75, 0.75, 2, 1, 0]
    assert found["rail.wait_mean"] == pytest.approx(sum(waits) / 9)
    assert found["rail.load_factor"] == 9 / 12


def test_a_phase_that_leaves_a_timetable_alone_does_not_move_it() -> None:
    found = simulated(PHASE + 'set = { "routes.rail.stages.line.days" = 0.5 }')
    # Trains of 2 and 4 would arrive .25 later; the train that leaves at 4 leaves on the date.
    assert found["rail.wait_mean"] == 1
    assert found["rail.door_to_door_mean"] == 1 + (2 * 0.25 + 6 * 0.5) / 8


def test_a_closed_route_takes_nobody_and_moves_nobody() -> None:
    found = simulated(PHASE + 'set = { "routes.rail.closed" = true }')
    assert found["rail.booked"] == 4 * 365 / 10
    assert found["all.unserved"] == 6 * 365 / 10
    assert found["rail.load_factor"] == 4 / 6


def test_servers_change_at_the_date() -> None:
    text = rail("service_hours = 48").replace("[demand]", "[run]\nstart = 2001-01-01\n[demand]")
    phase = '[phases.later]\nfrom = 2001-01-04\nset = { "facilities.border.servers" = 3 }'
    found = simulated(text + phase, days=6)
    # Trains come at 1.5, 2.5, 3.5, 4.5, 5.5; the second begins at 3, the date.
    assert found["all.facility:border.queueing_mean"] == pytest.approx(0.5 / 5)
    assert found["all.facility:border.utilisation"] == (2 + 2 + 2 + 1.5 + 0.5) / (3 * 1 + 3 * 3)


def test_a_number_over_a_distribution_scales_it() -> None:
    document = tomllib.loads(PHASE.replace("0.25", "[2, 4]") + 'set = { "a" = 1 }')
    document["phases"]["later"]["set"] = {"routes.rail.stages.line.days": 6}
    (_, before), (day, after) = eras(document)
    assert day == 120 + 4
    assert before["routes"]["rail"]["stages"]["line"]["days"] == [2, 4]
    assert after["routes"]["rail"]["stages"]["line"]["days"] == [4, 8]


def test_what_is_posted_counts_the_vehicles_at_a_facility() -> None:
    found = simulated(
        even(2)
        + """
        [facilities.quay]
        service_hours = 24
        [routes.quay.stages]
        quay = { kind = "facility", facility = "quay" }
        [routes.road.stages]
        road = { kind = "transit", days = 2.25 }
        """,
        days=100,
    )
    # A booker expects a day and one more for each who waits; 2.25 days by road are less than 3.
    # From day 2.75 on two wait when every second one comes.
    assert found["road.booked"] == 98 * 365 / 100


def random(routes: str, *, a_day: float, shares: str = "rail = 1") -> list[Figures]:
    """Ten replications of Poisson bookings."""
    text = f"[demand]\ncontainers_per_year = {a_day * 365}\n{routes}"
    rule = f'[choice]\nrule = "share"\nshares = {{ {shares} }}'
    run = "[run]\nwarmup_days = 100\ndays = 4_000\n"
    return [simulated(run + text + rule, seed=seed) for seed in range(10)]


def assert_agrees(found: list[Figures], metric: str, theory: float, *, width: float = 0.1) -> None:
    """A metric's mean is within four standard errors of theory, its interval as narrow as said."""
    result = agreement([value for each in found if (value := each[metric]) is not None], theory)
    assert abs(result.z) <= 4, result
    assert result.width <= width, result


LONE = """
    [routes.{route}]
    priority = {priority}
    [routes.{route}.stages]
    desk = {{ kind = "facility", facility = "desk" }}
"""
RAIL = LONE.format(route="rail", priority=0)


QUEUES = [
    (1, 0.7, "{ exponential = 24 }", 0.7 / 0.3),  # M/M/1
    (2, 0.8, "{ exponential = 24 }", 0.64 / 0.36),  # M/M/2: load² / (1 - load²)
    (2, 0.8, "24", 0.903283879417),  # M/D/2, Crommelin 1932
]


@pytest.mark.parametrize(
    ("servers", "load", "hours", "wait"),
    sampled(QUEUES, QUEUES[:1]),
    ids=["M/M/1", "M/M/2", "M/D/2"],
)
def test_lone_containers_queue_as_theory_says(
    servers: int, load: float, hours: str, wait: float
) -> None:
    desk = f"[facilities.desk]\nservers = {servers}\nservice_hours = {hours}\n"
    found = random(desk + RAIL, a_day=servers * load)
    assert_agrees(found, "all.facility:desk.queueing_mean", wait)
    assert_agrees(found, "rail.door_to_door_mean", wait + 1)
    assert_agrees(found, "all.facility:desk.utilisation", load, width=0.03)


def test_the_greater_priority_waits_less_as_theory_says() -> None:
    desk = '[facilities.desk]\nservice_hours = { exponential = 24 }\ndiscipline = "priority"\n'
    routes = LONE.format(route="high", priority=1) + LONE.format(route="low", priority=0)
    found = random(desk + routes, a_day=0.7, shares=f"high = {3 / 7}, low = {4 / 7}")
    high, low = 0.7 / (1 - 0.3), 0.7 / (1 - 0.3) / (1 - 0.7)  # Cobham 1954
    assert_agrees(found, "high.door_to_door_mean", high + 1)
    assert_agrees(found, "low.door_to_door_mean", low + 1)


@pytest.mark.slow
def test_facilities_in_a_row_are_a_tandem() -> None:
    stages, desks = "[routes.rail.stages]\n", ""
    for n, days in enumerate([1.0, 1.25, 1.6]):
        stages += f'stage{n} = {{ kind = "facility", facility = "desk{n}" }}\n'
        desks += f"[facilities.desk{n}]\nservice_hours = {{ exponential = {24 / days} }}\n"
    found = random(desks + stages, a_day=0.8)
    theory = 1 / (1 - 0.8) + 1 / (1.25 - 0.8) + 1 / (1.6 - 0.8)  # Jackson 1957
    assert_agrees(found, "rail.door_to_door_mean", theory)
