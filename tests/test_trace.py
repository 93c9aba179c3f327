"""One container's story: by hand, in days and dates, and as the table of containers has it."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from corridors import loaded, written
from costly import COSTLY
from processes import transsib

import sim
from sim.errors import UsageError
from sim.results.story import Story
from sim.views.story import print_story

BY_HAND = """
[run]
warmup_days = 10
days = 40
start = 2001-01-01

[demand]
containers_per_year = 1_095
arrivals = "even"
value_of_time_usd_per_day = 25

[facilities]
border = { service_hours = 12, handling_usd = 40 }

[routes.link]
freight_usd = 1_100
max_wait_days = 1

[routes.link.stages]
trains = { kind = "departures", vehicle = "train", every_days = 1, capacity = 2 }
korea = { kind = "transit", days = 0.5 }
border = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 13 }

[routes.port]
freight_usd = 1_200

[routes.port.stages]
feeder = { kind = "departures", vehicle = "ship", every_days = 2, capacity = 10 }
crossing = { kind = "transit", days = 0.75 }
border = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 13 }

[choice]
rule = "fastest"
"""
"""Three bookings a day, two of which the link takes; both routes pass one border."""


def told(story: Story) -> str:
    out = io.StringIO()
    print_story(story, out)
    assert max(map(len, out.getvalue().splitlines())) <= 100
    return " ".join(out.getvalue().split())


def test_a_story_by_hand(tmp_path: Path) -> None:
    # Container 14 books on day 14.5 / 3. The train of day 5 is full, that of day 6 is more than a
    # day away: refused by the link, it takes ship 3 of day 6. The ship's containers come to the
    # border on day 6.75, where the train of day 6 is served from day 6.5 to 7.
    story = sim.trace(loaded(tmp_path, BY_HAND), 14)
    happened = [(event.day, event.what, event.stage) for event in story.events]
    assert happened == [
        (14.5 / 3, "booked", None),
        (14.5 / 3, "ready", "feeder"),
        (6, "departed", "feeder"),
        (6, "entered", "crossing"),
        (6.75, "left", "crossing"),
        (6.75, "entered", "border"),
        (7, "began", "border"),
        (7.5, "left", "border"),
        (7.5, "entered", "line"),
        (20.5, "left", "line"),
        (20.5, "delivered", None),
    ]
    assert story.days == pytest.approx(
        {"wait": 7 / 6, "queueing": 0.25, "service": 0.5, "transit": 13.75}
    )
    assert story.door_to_door_days == pytest.approx(47 / 3)
    assert story.usd["sum"] == pytest.approx(1200 + 40 + 25 * 47 / 3)


def test_choice_and_departure_have_their_details(tmp_path: Path) -> None:
    booked, ready, departed, *_ = sim.trace(loaded(tmp_path, BY_HAND), 14).events
    assert booked.details == {
        "direction": None, "class": None, "value_of_time_usd_per_day": 25, "wanted": "link",
        "refused": ["link"], "took": "port", "freight_usd": 1200,
    }  # fmt: skip
    assert ready.details == {"ahead": 0}
    assert departed.details == {
        "vehicle": "ship", "number": 3, "headway_days": 2, "late_days": 0, "load": 2,
        "capacity": 10, "days": pytest.approx(7 / 6),
    }  # fmt: skip
    second = sim.trace(loaded(tmp_path, BY_HAND), 17)  # takes the same ship
    assert second.events[1].details == {"ahead": 1}


CHANGED = """
[run]
warmup_days = 0
days = 120
start = 2001-01-01
[demand]
containers_per_year = 3_650
arrivals = "even"
[choice]
rule = "fastest"
[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 20 }
line = { kind = "transit", days = 5 }
[phases.later]
from = 2001-04-11
set = { "routes.rail.stages.trains.KEY" = VALUE }
"""
"""Ten bookings a day; a phase begins with day 100."""


@pytest.mark.parametrize(
    ("key", "value", "later"),
    [
        ("every_days", "2", (102, 101, None)),
        ("capacity", "30", (101, 101, None)),
        ("every_days", "1", (101, 101, 1)),
    ],
)
def test_departures_are_counted_where_a_phase_changes_the_timetable(
    key: str, value: str, later: tuple[float, int, float | None], tmp_path: Path
) -> None:
    # The last train of the timetable so far leaves on the day of the phase.
    scenario = loaded(tmp_path, CHANGED.replace("KEY", key).replace("VALUE", value))
    for container, expected in ((990, (100, 100, 1)), (1001, later)):
        (left,) = (e for e in sim.trace(scenario, container).events if e.what == "departed")
        assert (left.day, left.details["number"], left.details["headway_days"]) == expected


def test_days_have_dates_where_the_run_has_a_start(tmp_path: Path) -> None:
    # Day 10, when the warm-up ends, is 1 January; day 6.75 is in the afternoon of 28 December.
    scenario = loaded(tmp_path, BY_HAND)
    dates = {event.day: event.date for event in sim.trace(scenario, 14).events}
    assert dates[6.75] == date(2000, 12, 28)
    assert dates[20.5] == date(2001, 1, 11)
    undated = loaded(tmp_path, BY_HAND.replace("start = 2001-01-01\n", ""))
    assert {event.date for event in sim.trace(undated, 14).events} == {None}


def test_it_is_told_in_words(tmp_path: Path) -> None:
    said = told(sim.trace(loaded(tmp_path, BY_HAND), 14))
    for words in (
        "Container 14 of 150 in small, replication 0: delivered by port.",
        "4.8333 2000-12-26 booked; a day less is worth 25 USD to it; wanted link; refused by link;",
        "took port, freight 1,200 USD",
        "left on ship 3 after a wait of 1.1667 days; timetable: 3 × 2 days; 2 of 10 places taken",
        "came to the facility border",
        "queued 0.2500 days; service began",
        "Door to door 15.6667 days = wait 1.1667 + queueing 0.2500 + service 0.5000 + transit",
        "Cost 1,631.67 USD = freight 1,200 + handling 40 + time 391.67",
    ):
        assert words in said


def test_one_under_way_is_told_as_far_as_it_came(tmp_path: Path) -> None:
    # The run ends on day 50. Container 134, on day 44.83, is refused by the link and takes the ship
    # of day 46: it leaves the border on day 47.5. Container 148, on day 49.5, waits for day 50.
    scenario = loaded(tmp_path, BY_HAND)
    moving = sim.trace(scenario, 134)
    assert moving.fate == "moving"
    assert moving.events[-1].details == {
        "fate": "moving", "at": "line", "in": "transit", "days": 2.5,
    }  # fmt: skip
    assert (moving.door_to_door_days, moving.usd, moving.co2e_kg) == (None, {}, None)
    assert "moving by port when the run ends" in told(moving)
    waiting = sim.trace(scenario, 148)
    assert waiting.events[-1].details == {
        "fate": "waiting", "at": "trains", "ahead": 1, "days": pytest.approx(0.5),
    }  # fmt: skip
    assert "waiting at trains for 0.5000 days, 1 ahead" in told(waiting)


def test_one_that_nobody_accepts_is_unserved(tmp_path: Path) -> None:
    no_port = loaded(tmp_path, BY_HAND).with_changes({"routes.port.closed": True})
    story = sim.trace(no_port, 14)
    assert (story.fate, story.route, len(story.events)) == ("unserved", None, 1)
    assert "refused by link; no route accepted it" in told(story)


def test_a_detour_is_told(tmp_path: Path) -> None:
    text = BY_HAND.replace("days = 0.75", "days = 0.75, detour = { days = 2, usd = 70 }")
    flood = '[disruptions.storm]\ntarget = "routes.port.stages.crossing"\neffect = "closed"\n'
    text += flood + "from = 2000-12-28\ndays = 1\n"  # day 6 to 7
    story = sim.trace(loaded(tmp_path, text), 14)
    assert story.events[3].details == {"detour": True}
    assert story.events[4].day == 8
    assert story.usd["detour"] == 70
    assert "closed: by the detour" in told(story)


def test_the_urgent_board_before_those_who_waited_longer(tmp_path: Path) -> None:
    # Classes are dealt out evenly: 0 and 2 are plain, 1 and 3 urgent. The train of day 1 takes one
    # of 0, 1 and 2: the urgent one, which found one waiting but nobody ahead of it.
    text = BY_HAND.replace(
        "[facilities]",
        "[demand.classes]\nplain = { share = 0.5 }\nurgent = { share = 0.5, priority = 1 }\n"
        "[facilities]",
    ).replace("capacity = 2", "capacity = 1")
    unlimited = {"routes.link.max_wait_days": "unlimited", "routes.port.closed": True}
    scenario = loaded(tmp_path, text).with_changes(unlimited)
    first, second = sim.trace(scenario, 0), sim.trace(scenario, 1)
    assert [story.events[0].details["class"] for story in (first, second)] == ["plain", "urgent"]
    assert second.events[1].details["ahead"] == 0
    assert second.events[2].day == 1
    assert first.events[2].day > 1


EVERY = 97


@pytest.mark.parametrize("rule", ["share", "logit"])
def test_stories_agree_with_the_table_of_containers(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"choice.rule": rule, "run.days": 200, "routes.road.max_wait_days": 0.01}
    scenario = loaded(tmp_path, COSTLY).with_changes(changes)
    observed = sim.simulate(scenario)
    monkeypatch.setattr("sim.experiments.tracing.simulate", lambda *_: observed)
    frame = observed.containers.to_frame()
    for number, row in frame.iloc[::EVERY].iterrows():
        story = sim.trace(scenario, int(number))  # type: ignore[call-overload]
        assert story.fate == row["fate"]
        assert (story.direction, story.events[0].day) == (row["direction"], row["booked"])
        if story.route is not None:
            assert story.route == row["route"]
        assert_sums(scenario, story)
        if story.fate == "delivered":
            assert story.events[-1].day == row["delivered"]
            assert story.usd["sum"] == pytest.approx(row["cost_usd"])
            assert story.days["wait"] == pytest.approx(row["wait_days"])
            assert story.co2e_kg == pytest.approx(row["co2e_kg"])


def assert_sums(scenario: sim.Scenario, story: Story) -> None:
    """Nothing goes back in time; the kinds of days sum to all of them, up to the end of the run."""
    days = [event.day for event in story.events]
    assert days == sorted(days)
    if story.fate == "unserved":
        return
    assert sum(story.days.values()) == pytest.approx(days[-1] - days[0])
    if story.fate != "delivered":
        assert days[-1] == scenario.run.horizon
    first = date(2001, 1, 1) - timedelta(days=scenario.run.warmup_days)
    for event in story.events:
        assert event.date is not None
        assert 0 <= event.day - (event.date - first).days < 1
    told(story)


def test_the_command_prints_a_story(tmp_path: Path) -> None:
    path = written(tmp_path, BY_HAND)
    done = transsib("trace", path, "--container", "14")
    assert "delivered by port" in done.stdout
    more = ("--replication", "3", "--seed", "8", "--quiet")
    later = transsib("trace", path, "--container", "14", *more)
    assert "replication 3" in later.stdout
    assert later.stderr == ""


def test_json_is_one_document(tmp_path: Path) -> None:
    path = written(tmp_path, BY_HAND)
    changed = ("--set", "routes.link.max_wait_days=2")
    done = transsib("trace", path, "--container", "14", "--json", *changed)
    document = json.loads(done.stdout)
    assert (document["route"], document["fate"]) == ("link", "delivered")
    assert document["events"][0]["date"] == "2000-12-26"
    assert document["events"][-1]["days"] == document["door_to_door_days"]


def test_a_number_that_nobody_has_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, BY_HAND)
    done = transsib("trace", path, "--container", "150", "--quiet", status=2)
    said = "no container 150 in small: there are 150, numbered from 0"
    assert (done.stdout, done.stderr.strip()) == ("", said)
    done = transsib("trace", path, "--container", "-1", status=2)
    assert done.stdout == ""
    assert "'--container': must be a whole number, at least 0 (got '-1')" in done.stderr
    small = loaded(tmp_path, BY_HAND)
    with pytest.raises(UsageError, match="container: must be a whole number, at least 0"):
        sim.trace(small, -1)
    with pytest.raises(UsageError, match="replication: must be a whole number, at least 0"):
        sim.trace(small, 1, -2)


def test_without_demand_there_is_no_story(tmp_path: Path) -> None:
    nobody = loaded(tmp_path, BY_HAND).with_changes({"demand.containers_per_year": 0})
    with pytest.raises(UsageError, match="no container 0 in small: none came"):
        sim.trace(nobody, 0)


def test_a_story_as_a_frame(tmp_path: Path) -> None:
    frame = sim.trace(loaded(tmp_path, BY_HAND), 14).to_frame()
    assert list(frame.columns) == ["day", "date", "stage", "what", "days"]
    assert frame["days"].iloc[:-1].sum() == pytest.approx(frame["days"].iloc[-1])
