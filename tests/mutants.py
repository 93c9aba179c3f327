"""Faults that the suite has to notice: each is a small lie in the program and the test that tells.

    make mutants     puts them into a copy of the program, one at a time, and runs the test of each

A fault is some text of one file of `sim`, changed. The text stands there exactly once; where it
does no longer, the fault is told as lost, so that none silently does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Something wrong, as a user would say it, and who notices.

    test: the one that must turn red, within `tests`
    file: where it is, within `sim`
    edits: the right text and the wrong one
    """

    name: str
    wrong: str
    test: str
    file: str
    edits: dict[str, str]

    def put_into(self, source: str) -> str:
        """The text of the file with this fault. Raises LookupError where it has moved."""
        for right, wrong in self.edits.items():
            if (number := source.count(right)) != 1:
                raise LookupError(f"{self.name}: {self.file} has {right!r} {number} times")
            source = source.replace(right, wrong)
        return source


DEPARTURES = [
    Fault(
        "one place too many",
        "A vehicle carries one container more than it has places.",
        "test_timetables.py::test_departures_take_what_waits_first_in_first_out",
        "corridor/vehicles.py",
        {"room = self.room(now)": "room = self.room(now) + 1"},
    ),
    Fault(
        "one place too few",
        "A vehicle leaves with one place empty while containers wait.",
        "test_theory.py::test_saturated_routes_deliver_their_capacity",
        "corridor/vehicles.py",
        {"room = self.room(now)": "room = self.room(now) - 1"},
    ),
    Fault(
        "last in, first out",
        "Who came last boards first.",
        "test_timetables.py::test_departures_take_what_waits_first_in_first_out",
        "corridor/backlog.py",
        {
            "load, self.head = end - self.head, end": """\
waiting = self.since[self.head : self.tail]
        ready = slice(self.head, self.head + int(waiting.searchsorted(now, "right")))
        for rows in (self.who, self.since):
            rows[ready] = np.roll(rows[ready], end - self.head)
        load, self.head = end - self.head, end"""
        },
    ),
    Fault(
        "a container is lost",
        "At each departure one that waits vanishes.",
        "test_theory.py::test_deterministic_timetable_with_a_full_train",
        "corridor/backlog.py",
        {
            "load, self.head = end - self.head, end": (
                "load, self.head = end - self.head, min(end + 1, self.tail)"
            )
        },
    ),
    Fault(
        "boards before it is ready",
        "Who books within a day after the departure is aboard.",
        "test_timetables.py::test_an_empty_train_leaves_and_counts_as_a_trip",
        "corridor/backlog.py",
        {
            "end = min(self.tail, self.head + capacity)": (
                "end, now = min(self.tail, self.head + capacity), now + 1"
            )
        },
    ),
    Fault(
        "ready at the instant, left behind",
        "Who is ready at the very moment of departure does not board.",
        "test_timetables.py::test_who_is_ready_at_the_instant_of_departure_boards",
        "corridor/backlog.py",
        {
            "end = min(self.tail, self.head + capacity)": (
                "end, now = min(self.tail, self.head + capacity), now - 1e-9"
            )
        },
    ),
    Fault(
        "a departure on day 0",
        "The first vehicle leaves at once instead of one headway later.",
        "test_theory.py::test_departures_in_a_year",
        "corridor/timetable.py",
        {"np.arange(1, number + 1, dtype=float)": "np.arange(number, dtype=float)"},
    ),
    Fault(
        "a timetable that drifts",
        "Departures are added up headway by headway, and so are their rounding errors.",
        "test_timetables.py::test_departure_times_are_computed_and_never_accumulated",
        "corridor/timetable.py",
        {
            "np.arange(1, number + 1, dtype=float) * stretch.headway": (
                "np.full(number, stretch.headway).cumsum()"
            )
        },
    ),
    Fault(
        "departures before bookings",
        "Who books at the moment of a departure comes too late for it.",
        "test_timetables.py::test_who_books_as_figures_are_posted_boards_at_that_instant",
        "corridor/clock.py",
        {"BOOKING: Final = 3": "BOOKING: Final = 9"},
    ),
    Fault(
        "the urgent board last",
        "Of those who wait for a train, the class with the greater priority boards last.",
        "test_cargo.py::test_the_greater_priority_boards_first",
        "corridor/shippers.py",
        {"sorted(set(priorities), reverse=True)": "sorted(set(priorities))"},
    ),
    Fault(
        "no turnaround",
        "A vehicle of a fleet leaves again the moment it is back.",
        "test_fleets.py::test_a_departure_waits_for_a_set_and_those_behind_it_too",
        "corridor/fleets.py",
        {"arrived + back + turns": "arrived + back"},
    ),
    Fault(
        "vehicles come back by magic",
        "A vehicle of a fleet is there again without having gone back.",
        "test_fleets.py::test_a_departure_waits_for_a_set_and_those_behind_it_too",
        "corridor/fleets.py",
        {"0.0 if self.both else arrived - departed": "0.0"},
    ),
]

ON_THE_WAY = [
    Fault(
        "one draw for all trips",
        "All trains of a year take the same days.",
        "test_timetables.py::test_who_leaves_together_arrives_together",
        "corridor/runs.py",
        {"self.durations, eras, self._u[trips]": "self.durations, eras, 0 * self._u[trips] + 0.4"},
    ),
    Fault(
        "a travel time for each container",
        "Containers of one train arrive on different days.",
        "test_timetables.py::test_who_leaves_together_arrives_together",
        "results/containers.py",
        {
            "delivered[who] = np.repeat(arrived, loads)": """\
took = np.repeat(arrived, loads) - way.booked[who]
        delivered[who] = way.booked[who] + np.random.default_rng(1).permutation(took)"""
        },
    ),
    Fault(
        "services 5 % longer",
        "A border, a gauge change or a port takes 5 % longer than was said.",
        "test_facilities.py::test_two_servers_take_who_comes_first",
        "corridor/runs.py",
        {"= hours / HOURS_A_DAY": "= 1.05 * hours / HOURS_A_DAY"},
    ),
    Fault(
        "no priority at the border",
        "The express queues behind trains of a lesser priority.",
        "test_facilities.py::test_by_priority_the_express_goes_first",
        "corridor/facilities.py",
        {"-priority if self._by_priority else 0": "0"},
    ),
    Fault(
        "a repair takes no time",
        "Who is served when a server fails is through as if it had not.",
        "test_breakdowns.py::test_a_server_that_fails_keeps_whom_it_serves",
        "corridor/facilities.py",
        {"course.ends(now, days) if course else now + days": "now + days"},
    ),
    Fault(
        "the clock of failures stops when idle",
        "A server fails only while it serves; what would break it before does nothing.",
        "test_breakdowns.py::test_a_server_fails_also_while_it_idles",
        "corridor/facilities.py",
        {
            " and (course is None or course.opens(now) == now)": "",
            "return course.ends(now, days) if course else now + days": """\
if course is None:
            return now + days
        works = course.opens(now)
        return course.ends(works, days) - (works - now)""",
        },
    ),
    Fault(
        "the detour is ignored",
        "Who comes to a closed leg waits, though there is a way round.",
        "test_disruptions.py::test_who_would_start_on_a_closed_line_takes_the_detour",
        "corridor/runs.py",
        {"self.course is not None and len(self._detours) > 0": "False"},
    ),
    Fault(
        "one luck for leg and detour",
        "A trip that would be fast on a leg is fast on the way round, too.",
        "test_disruptions.py::test_a_detour_takes_days_of_its_own",
        "corridor/runs.py",
        {'lane.stream(f"{name}.detour")': "lane.stream(name)"},
    ),
    Fault(
        "one luck for both directions",
        "What happens to a container on its way out happens to one on its way home.",
        "test_directions.py::test_shares_by_route_are_those_of_both_directions",
        "corridor/lanes.py",
        {'name = f"{purpose}{suffix(self.direction)}"': "name = purpose"},
    ),
]

CHOICE = [
    Fault(
        "luck added",
        "A shipper's own taste counts against a route instead of for it.",
        "test_choice.py::test_logit_gives_the_shares_of_the_softmax",
        "corridor/rules.py",
        {"fixed *= scenario.choice.scale_usd or 0.0": "fixed *= -(scenario.choice.scale_usd or 0)"},
    ),
    Fault(
        "one luck for all routes",
        "A shipper's tastes for the routes come from one stream of random numbers.",
        "test_choice.py::test_logit_gives_the_shares_of_the_softmax",
        "corridor/shippers.py",
        {'f"choice.luck.{route}"': '"choice.luck"'},
    ),
    Fault(
        "nobody is ahead",
        "The posted time forgets who books just before.",
        "test_timetables.py::test_fastest_takes_the_route_that_delivers_first",
        "corridor/choice.py",
        {"[takes.cumsum(axis=1) - takes]": "[0 * takes.cumsum(axis=1)]"},
    ),
    Fault(
        "a block too patient",
        "Until figures are posted anew, more join a queue than accept its wait.",
        "test_timetables.py::test_nobody_waits_longer_than_accepted",
        "corridor/choice.py",
        {"too_long = posted.wait > self.limits": "too_long = self._alone.wait > self.limits"},
    ),
    Fault(
        "about to leave, told as gone",
        "Who books at the moment of a departure is told to wait for the next one.",
        "test_timetables.py::test_who_books_as_a_train_leaves_knows_that_it_will_be_aboard",
        "corridor/timetable.py",
        {'moments.searchsorted(soon, "right")': "moments.searchsorted(soon)"},
    ),
    Fault(
        "a slow border is no news",
        "Who books is told the usual days at a border where all takes longer now.",
        "test_disruptions.py::test_who_books_knows_what_goes_wrong_now",
        "corridor/runs.py",
        {"(queueing + self.service_days) * slower": "queueing + self.service_days"},
    ),
    Fault(
        "a slow line is no news",
        "Who books is told the usual days of a line that is slower now.",
        "test_disruptions.py::test_who_books_knows_what_goes_wrong_now",
        "corridor/runs.py",
        {"self.mean * self.course.factor(now)": "self.mean"},
    ),
    Fault(
        "a detour is no news",
        "Who books is told the days of the closed leg, not those of the way round.",
        "test_disruptions.py::test_who_books_knows_what_goes_wrong_now",
        "corridor/runs.py",
        {"return self._detour_mean": "return self.mean"},
    ),
    Fault(
        "a late train is taken for gone",
        "Who books is not told of the train that should have left and waits for a vehicle.",
        "test_fleets.py::test_a_late_train_is_posted_as_about_to_leave",
        "corridor/posters.py",
        {"self.late = opening.late(now)": "self.late = 0.0"},
    ),
    Fault(
        "the fleet is forgotten at booking",
        "A queue is posted by the timetable, though the fleet cannot keep it.",
        "test_fleets.py::test_a_queue_is_posted_by_what_the_fleet_can_carry",
        "corridor/vehicles.py",
        {"min(self._now.rate, self._fleet_rate(), NEVER)": "min(self._now.rate, NEVER)"},
    ),
    Fault(
        "always half the hold",
        "Of vehicles that leave when full the longest hold is posted, however soon they fill.",
        "test_dispatch.py::test_half_the_days_that_it_takes_to_fill_one_are_posted",
        "corridor/vehicles.py",
        {"min(hold, self._now.capacity * now / accepted if accepted else hold)": "hold"},
    ),
    Fault(
        "no inertia",
        "Shippers compare what is posted at the moment, whatever they remember.",
        "test_inertia.py::test_all_switch_on_the_day_on_which_the_smoothed_figure_does",
        "corridor/inertia.py",
        {"math.exp(-(now - self._since) / self._span)": "0.0"},
    ),
    Fault(
        "unused places come back",
        "What nobody booked of a quota is for sale in the next period.",
        "test_quotas.py::test_what_nobody_booked_is_lost",
        "corridor/quotas.py",
        {"else self._beyond - int(said)": "else self._beyond * 0"},
    ),
    Fault(
        "a new period begins too late",
        "A booking at the turn of a period takes a place of the old one.",
        "test_quotas.py::test_a_booking_at_the_turn_of_a_period_belongs_to_the_new_one",
        "corridor/quotas.py",
        {'self._begins.searchsorted(times, "right")': 'self._begins.searchsorted(times, "left")'},
    ),
]

FIGURES = [
    Fault(
        "warm-up counts",
        "What happens before the measured window is in the metrics.",
        "test_fates.py::test_fates_are_counted_a_year_of_those_booked_in_the_window",
        "results/window.py",
        {
            "(moments >= self.start) & (moments < self.end)": "moments < self.end",
            "rising.searchsorted([self.start, self.end])": "rising.searchsorted([0.0, self.end])",
        },
    ),
    Fault(
        "a year of 360 days",
        "Rates are told for a bank's year.",
        "test_quotas.py::test_a_year_is_365_days_from_day_0",
        "scenario/fields.py",
        {"DAYS_A_YEAR = 365.0": "DAYS_A_YEAR = 360.0"},
    ),
    Fault(
        "the unfinished are forgotten",
        "Containers under way at the end are in no fate.",
        "test_fates.py::test_fates_sum_to_what_was_booked",
        "results/containers.py",
        {"np.full(len(way.booked), MOVING, np.int8)": "np.full(len(way.booked), -1, np.int8)"},
    ),
    Fault(
        "share of what was delivered",
        "A route's share is over all deliveries instead of over the demand.",
        "test_cargo.py::test_a_class_has_figures_of_its_own",
        "results/metrics.py",
        {
            "found = figures.flow(some, part.window, part.demand)": """\
came = sum(len(each.journeys.days) for each in part.samples)
    found = figures.flow(some, part.window, part.window.per_year(came))"""
        },
    ),
    Fault(
        "a mean of nothing is 0",
        "Where nothing was delivered the door-to-door time is told as 0 days.",
        "test_faults.py::test_zero_demand",
        "results/figures.py",
        {"float(days.mean()) if any_came else None": "float(days.mean()) if any_came else 0.0"},
    ),
    Fault(
        "another route's freight",
        "All pay what the first route asks.",
        "test_accounts.py::test_totals_agree_with_the_table_of_containers_to_the_cent",
        "results/accounts.py",
        {"_freight(way, log, who),": "_freight(way, way.routes[0], who),"},
    ),
    Fault(
        "the old freight on the day it changes",
        "Who books at the moment at which freight changes is billed the old one.",
        "test_accounts.py::test_who_books_as_the_freight_changes_pays_the_new_one",
        "results/containers.py",
        {
            'days.searchsorted(booked, "right") - 1': "days.searchsorted(booked).clip(1) - 1",
        },
    ),
    Fault(
        "empty vehicles do not count",
        "The load factor leaves out who left without a container.",
        "test_timetables.py::test_the_load_factor_of_a_route_is_that_of_its_narrowest_departures",
        "results/figures.py",
        {"leg.capacities[here].sum()": "leg.capacities[here & (leg.loads > 0)].sum()"},
    ),
    Fault(
        "refused and not counted",
        "Of those whom a route refuses only the first counts among all who were refused.",
        "test_quotas.py::test_whom_all_refuse_is_unserved",
        "results/figures.py",
        {"turned[log.refused] = True": "turned[log.refused[:1]] = True"},
    ),
    Fault(
        "cleared when nobody waits",
        "A disruption lasts until no one waits at all, though some always do.",
        "test_disruptions.py::test_who_is_delayed_and_how_long_it_takes_until_all_is_as_usual",
        "results/disruptions.py",
        {"level.largest(first - USUAL_DAYS, first)": "0.0"},
    ),
    Fault(
        "months of 30 days",
        "The year of the busiest month has five days that are in none.",
        "test_seasons.py::test_the_busiest_month_has_so_many_times_the_deliveries_of_a_mean_one",
        "results/months.py",
        {"MONTH_DAYS = DAYS_A_YEAR / 12": "MONTH_DAYS = 30.0"},
    ),
    Fault(
        "a queue that was there grows",
        "All that queues at the end counts as growth of the queue, whoever queued before.",
        "test_facilities.py::test_a_queue_grows_by_what_was_not_in_it_at_the_start",
        "results/facilities.py",
        {" - _queued(here, window.start)": ""},
    ),
    Fault(
        "the capacity of the first day",
        "A route's yearly capacity is that of its first phase.",
        "test_phases.py::test_the_yearly_capacity_is_the_mean_over_the_window",
        "corridor/recorder.py",
        {"if len(capacities) == 1:": "if capacities:"},
    ),
    Fault(
        "the load factor of the widest",
        "A route is told to be as full as its departures with most room.",
        "test_timetables.py::test_the_load_factor_of_a_route_is_that_of_its_narrowest_departures",
        "results/figures.py",
        {"return min(stages, key=": "return max(stages, key="},
    ),
    Fault(
        "only the last wait counts",
        "Who changes from ship to train is told to have waited for the train alone.",
        "test_bottleneck.py::test_the_wait_for_a_full_route_is_known_beforehand",
        "results/figures.py",
        {"for leg in log.legs[:-1]:": "for leg in ():"},
    ),
    Fault(
        "carbon by the leg, however long",
        "A leg of 10,000 km emits what one of a kilometre does.",
        "test_accounts.py::test_means_and_totals_by_hand",
        "scenario/disruptions.py",
        {"length_km * self.tonnes_per_container * grams": "self.tonnes_per_container * grams"},
    ),
    Fault(
        "weightless containers",
        "Carbon is counted for a tonne instead of for a container.",
        "test_accounts.py::test_means_and_totals_by_hand",
        "scenario/disruptions.py",
        {"length_km * self.tonnes_per_container * grams": "length_km * grams"},
    ),
]

STATISTICS = [
    Fault(
        "every replication the same",
        "All replications share the random numbers of the first.",
        "test_reproducible.py::test_more_replications_leave_the_first_ones",
        "corridor/streams.py",
        {"(replication, zlib.crc32(purpose.encode()))": "(0, zlib.crc32(purpose.encode()))"},
    ),
    Fault(
        "z instead of t",
        "Intervals of a few replications are too narrow: the normal distribution is not Student's.",
        "test_theory.py::test_student_interval",
        "results/intervals.py",
        {"stdtrit(len(numbers) - 1,": "stdtrit(1e9,"},
    ),
    Fault(
        "n instead of n - 1",
        "The variance of a sample is that of a population.",
        "test_theory.py::test_student_interval",
        "results/intervals.py",
        {"np.std(numbers, ddof=1)": "np.std(numbers, ddof=0)"},
    ),
    Fault(
        "pairs that are none",
        "A difference pairs replications that share no random numbers.",
        "test_theory.py::test_paired_comparison",
        "results/intervals.py",
        {"gaps = x - y": "gaps = x - np.roll(y, 1)"},
    ),
    Fault(
        "worse is better",
        "A comparison praises the scenario that delivers less and refuses more.",
        "test_results.py::test_more_delivered_is_better_and_more_refused_is_not",
        "results/rows.py",
        {"{1: difference.higher, -1:": "{-1: difference.higher, 1:"},
    ),
    Fault(
        "no mean of what seldom happens",
        "Days to recover are not told where one of twenty years had no storm.",
        "test_results.py::test_what_did_not_happen_in_a_replication_is_not_in_the_mean",
        "results/results.py",
        {"if METRICS[key.metric].of_what_happened:": "if False:"},
    ),
    Fault(
        "each comparison for itself",
        "Of many scenarios against a baseline, some intervals miss more often than is said.",
        "test_results.py::test_several_comparisons_hold_together",
        "results/results.py",
        {"(1 - about.run.confidence) / self.comparisons": "(1 - about.run.confidence)"},
    ),
]

STUDIES = [
    Fault(
        "half a pair",
        "A replication that failed in one scenario is compared all the same.",
        "test_results.py::test_a_pair_of_which_one_failed_is_left_out",
        "experiments/study.py",
        {" and not (paired and task.replication in failed)": ""},
    ),
    Fault(
        "a part of the estimate",
        "A precision of 1 % is held against the estimated mean instead of the true one.",
        "test_precision.py::test_a_part_is_that_of_the_true_mean",
        "experiments/precision.py",
        {"abs(mean) * self.goal / (1 + self.goal)": "abs(mean) * self.goal"},
    ),
    Fault(
        "tried again, counted twice",
        "The tasks of a lost worker run twice.",
        "test_cluster.py::test_suspects_run_when_nothing_else_does",
        "experiments/batches.py",
        {"self._suspects.extend(tasks)": "self._suspects.extend([*tasks, *tasks])"},
    ),
    Fault(
        "half a replication is kept",
        "A replication of which rows are missing or changed is read as whole.",
        "test_keeping.py::test_changed_rows_are_named_and_nothing_is_added_to_them",
        "experiments/store.py",
        {
            "if digests.get(its) != _digest([*rows.get(its, []), *days.get(its, [])]):": (
                "if its not in digests:"
            )
        },
    ),
]

FAULTS = [*DEPARTURES, *ON_THE_WAY, *CHOICE, *FIGURES, *STATISTICS, *STUDIES]
