"""A fluid sketch of a corridor, without a random number: who wants what, and what queues up.

Directions share no departures, so each is sketched by itself. Nothing goes wrong in it, and
departures are those of the timetables: give it a scenario `within_fleets`.
"""

from __future__ import annotations

import math

from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Scenario
from sim.scenario.routes import Route
from sim.scenario.spread import Weighted, weighted

NEVER_NONE = 1e-300
"""The least odds under `logit`: whom every liked route refuses takes the one that is left."""


def demand_by_route(scenario: Scenario) -> dict[str, float]:
    """Containers a year that want each route while nothing waits."""
    return _summed([_wanted(scenario.one_way(each)) for each in scenario.directions])


def queues(scenario: Scenario) -> dict[str, float]:
    """The routes without a steady state, with the containers a year by which they queue up."""
    return _summed([_queues(scenario.one_way(each)) for each in scenario.directions])


def _summed(parts: list[dict[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in parts:
        for name, number in part.items():
            found[name] = found.get(name, 0.0) + number
    return found


def flows(scenario: Scenario) -> dict[str, float]:
    """Containers a year that each route of one direction carries.

    What a route cannot take goes to the others: by their shares under `share`, else to the one
    that is next best at the mean value of time, as far as it has room.
    """
    routes, by_share = scenario.open_routes, scenario.choice.rule == "share"
    wanted = _sent(scenario) if by_share else _wanted(scenario)
    taken = {name: min(_room(route, wanted[name]), wanted[name]) for name, route in routes.items()}
    if by_share:
        return taken
    left = scenario.demand.containers_per_year - math.fsum(taken.values())
    for name in _by_preference(scenario):
        more = min(left, _room(routes[name], math.inf) - taken[name])
        taken[name] += more
        left -= more
    return taken


def _by_preference(scenario: Scenario) -> list[str]:
    """The open routes from best to worst, at the mean value of time."""
    offers = _offers(scenario)
    if scenario.choice.rule == "fastest":
        return sorted(offers, key=lambda name: offers[name][1])
    value = math.fsum(value * weight for value, weight in _values_of_time(scenario))
    return sorted(offers, key=lambda name: offers[name][0] + value * offers[name][1])


def queue_days(scenario: Scenario) -> dict[str, float]:
    """Days waited beyond free flow on the full routes of one direction, where they can be known.

    The places of a departure are sold as soon as it is near enough to be accepted, at the rate at
    which containers come. Where all want the fastest, nobody waits longer than a route leads the
    next one that has room. By money a queue ends where some have gone elsewhere: not known here.
    """
    routes, found = scenario.open_routes, dict[str, float]()
    if scenario.choice.rule not in ("share", "fastest"):
        return found
    arriving, days = _arriving(scenario), {name: scenario.free_flow_days(name) for name in routes}
    full = [name for name, route in routes.items() if arriving[name] > route.yearly_capacity]
    next_best = min((days[name] for name in routes if name not in full), default=math.inf)
    for name in full:
        if routes[name].may_book <= routes[name].places_a_year:
            continue  # who finds a quota used up is refused, and waits for nothing
        departures, longest = list(routes[name].departures.values()), routes[name].max_wait_days
        usual = sum(each.headway / 2 for each in departures)
        if scenario.choice.rule == "fastest":
            longest = min(longest, usual + next_best - days[name])
        selling = departures[0].capacity * DAYS_A_YEAR / arriving[name]
        if math.isfinite(longest):
            found[name] = max(longest - selling / 2 - usual, 0.0)
    return found


def _arriving(scenario: Scenario) -> dict[str, float]:
    """Containers a year that come to each open route, also what full ones refuse."""
    if scenario.choice.rule == "share":
        return _sent(scenario)
    left, taken, arriving = scenario.demand.containers_per_year, flows(scenario), {}
    for name in _by_preference(scenario):
        arriving[name] = left
        left -= taken[name]
    return arriving


def _wanted(scenario: Scenario) -> dict[str, float]:
    """Containers a year that want each route of one direction."""
    total, routes = scenario.demand.containers_per_year, scenario.open_routes
    wanted = dict.fromkeys(scenario.routes, 0.0)
    if scenario.choice.rule == "share":
        return wanted | {name: total * share for name, share in _shares(scenario).items()}
    if not routes:
        return wanted
    if scenario.choice.rule == "fastest":
        wanted[min(routes, key=scenario.free_flow_days)] = total
        return wanted
    offers, scale = _offers(scenario), _scale(scenario)
    for value_of_time, weight in _values_of_time(scenario):
        for name, share in _preferred(offers, scale, value_of_time).items():
            wanted[name] += total * weight * share
    return wanted


def _offers(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """Freight and constant in USD, and free-flow days, of each open route."""
    return {
        name: (route.freight_usd + route.constant_usd, scenario.free_flow_days(name))
        for name, route in scenario.open_routes.items()
    }


def _preferred(
    offers: dict[str, tuple[float, float]], scale: float, value_of_time: float
) -> dict[str, float]:
    """The shares of the open routes by free-flow generalised cost, at one value of time.

    Under `logit` the softmax (McFadden 1974); without a scale all take the cheapest.
    """
    costs = {name: usd + value_of_time * days for name, (usd, days) in offers.items()}
    best = min(costs, key=lambda name: costs[name])
    if not scale:
        return {best: 1.0}
    odds = {n: max(math.exp((costs[best] - cost) / scale), NEVER_NONE) for n, cost in costs.items()}
    total = math.fsum(odds.values())
    return {name: each / total for name, each in odds.items()}


def _values_of_time(scenario: Scenario) -> Weighted:
    """Values of time over all classes, with weights that sum to 1."""
    demand = scenario.demand
    if demand.classes is None:
        return weighted(demand.value_of_time_usd_per_day)
    return [
        (value, weight * cargo.share)
        for name, cargo in demand.classes.items()
        for value, weight in weighted(demand.value_of_time(name))
    ]


def _scale(scenario: Scenario) -> float:
    """How much tastes differ, in USD."""
    choice = scenario.choice
    return (choice.scale_usd or 0.0) if choice.rule == "logit" else 0.0


def _sent(scenario: Scenario) -> dict[str, float]:
    """Containers a year that shares send to each route, also those that others have refused."""
    total = scenario.demand.containers_per_year
    return _with_overflow(_shares(scenario), scenario.open_routes, total)


def _shares(scenario: Scenario) -> dict[str, float]:
    """The fixed shares among the routes that are open."""
    said = scenario.choice.shares_of(None)
    shares = {name: said.get(name, 0.0) for name in scenario.open_routes}
    total = math.fsum(shares.values())
    return {name: share / total if total else 0.0 for name, share in shares.items()}


def _queues(scenario: Scenario) -> dict[str, float]:
    """Those of one direction.

    A route without a limit on its wait takes whoever does not mind its queue: under `share` all
    that come, under `cheapest` and `logit` those whose time is worth nothing. The others leave a
    queue while some route has room; what is above all capacities queues where the wait is
    unlimited, as far as quotas let it book.
    """
    routes, total = scenario.open_routes, scenario.demand.containers_per_year
    if scenario.choice.rule == "share":
        return _growing(scenario, _sent(scenario))
    blind = total * _careless(scenario)
    taken = _taken_blindly(scenario, blind)
    growing = _growing(scenario, taken)
    room = sum(max(_room(route, total) - taken[name], 0) for name, route in routes.items())
    unlimited = _unlimited(routes)
    if unlimited and total > blind and _exceeds(scenario, total - blind, room):
        weight = sum(routes[name].yearly_capacity for name in unlimited)
        for name in unlimited:
            part = (total - blind - room) * routes[name].yearly_capacity / weight
            growing[name] = min(growing.get(name, 0.0) + part, _most_growth(routes[name]))
    return growing


def _room(route: Route, arriving: float) -> float:
    """Containers a year that a route has places for, where so many come."""
    endless = math.isinf(route.max_wait_days)
    return route.yearly_capacity if endless else min(route.accepts(arriving), route.yearly_capacity)


def _growing(scenario: Scenario, arriving: dict[str, float]) -> dict[str, float]:
    """Queues where so many containers a year come to each route and wait without a limit."""
    routes = scenario.open_routes
    return {
        name: min(arriving[name] - routes[name].places_a_year, _most_growth(routes[name]))
        for name in _unlimited(routes)
        if _exceeds(scenario, arriving[name], routes[name].places_a_year)
    }


def _unlimited(routes: dict[str, Route]) -> list[str]:
    return [name for name, route in routes.items() if route.queues_up]


def _most_growth(route: Route) -> float:
    """Containers a year by which a queue grows if all book that may."""
    return route.may_book - route.places_a_year


def _careless(scenario: Scenario) -> float:
    """The fraction of shippers that no queue drives away: those whose time is worth nothing."""
    if scenario.choice.rule not in ("cheapest", "logit"):
        return 0.0
    return math.fsum(weight for value, weight in _values_of_time(scenario) if not value)


def _taken_blindly(scenario: Scenario, left: float) -> dict[str, float]:
    """Containers a year that each route takes of shippers who only look at money.

    Where tastes differ they spread; refused, they spread over the others in the same proportions.
    Where tastes are equal they pour down the order of cost.
    """
    routes, offers, scale = scenario.open_routes, _offers(scenario), _scale(scenario)
    if routes and scale:
        arriving = _with_overflow(_preferred(offers, scale, 0.0), routes, left)
        return {name: route.accepts(arriving[name]) for name, route in routes.items()}
    taken = {}
    for name in sorted(routes, key=lambda name: offers[name][0]):
        taken[name] = routes[name].accepts(left)
        left -= taken[name]
    return taken


def _with_overflow(
    shares: dict[str, float], routes: dict[str, Route], total: float
) -> dict[str, float]:
    """Containers a year that reach each route, with what full routes refuse sent on by share."""
    arriving = {name: total * share for name, share in shares.items()}
    for _ in range(100):  # a contraction: what is refused again is less each time
        onward = dict.fromkeys(routes, 0.0)
        for name, route in routes.items():
            others = math.fsum(shares[other] for other in routes if other != name)
            refused = arriving[name] - route.accepts(arriving[name])
            for other in routes:
                if other != name and others > 0:
                    onward[other] += refused * shares[other] / others
        arriving = {name: total * shares[name] + onward[name] for name in routes}
    return arriving


def _exceeds(scenario: Scenario, demand: float, capacity: float) -> bool:
    """Whether a queue has no steady state: random bookings need room to spare."""
    if scenario.demand.arrivals == "even":
        return demand > capacity * (1 + 1e-12)
    return demand >= capacity and demand > 0
