"""Promises and prices where people read them: tables, previews, ledgers, warnings, folders."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from corridors import SMALL, loaded, written
from processes import transsib

import sim
from sim.experiments.store import load_results, save
from sim.results.document import comparison, document
from sim.views import words
from sim.views.previews import print_ledger, print_preview
from sim.views.tables import print_results

PRICED = "price_year = 2001\n" + SMALL.replace(
    'rule = "fastest"', 'rule = "logit"\nscale_usd = 150'
).replace("promise_days = 18", "promise_days = 18\nfreight_usd = 1_100\nconstant_usd = -25.5")
LEDGER = """
[assumptions."routes.rail.freight_usd"]
range = [500, 1_300]
quality = "assumed"
source = "a guess"
[assumptions."demand.value_of_time_usd_per_day"]
quality = "assumed"
source = "another"
[assumptions."run.days"]
quality = "assumed"
source = "a year would be better"
"""
VALUE = "containers_per_year = 20_000\nvalue_of_time_usd_per_day = {value}"


def printed(show: Callable[[io.StringIO], None]) -> str:
    out = io.StringIO()
    show(out)
    return " ".join(out.getvalue().split())


def test_money_says_its_year() -> None:
    assert words.usd(2001) == "USD of 2001"
    assert words.usd(None) == "USD"
    assert words.money(1300, 2001) == "1,300 USD of 2001"
    assert words.money(-2467.6, 2001) == "-2,468 USD of 2001"
    assert words.money(2.5) == "2.50 USD"
    assert words.money(0) == "0 USD"


def test_the_ledger_says_the_year_of_its_prices(tmp_path: Path) -> None:
    value = "{ lognormal = { median = 25, p95 = 180 } }"
    text = PRICED.replace("containers_per_year = 20_000", VALUE.format(value=value)) + LEDGER
    scenario = loaded(tmp_path, text)
    said = printed(lambda out: print_ledger(scenario, out))
    assert "routes.rail.freight_usd = 1,100 USD of 2001, may be 500 to 1,300" in said
    assert "usd_per_day = lognormal median 25, p95 180 USD of 2001 a day (assumed)" in said
    assert said.count("USD of 2001") == 2


def test_the_preview_tells_rule_freight_and_promise(tmp_path: Path) -> None:
    said = printed(lambda out: print_preview(loaded(tmp_path, PRICED), (), out))
    assert "20,000 containers a year; logit choice by cost, time and taste; valid." in said
    promised = "promised within 18 days"
    assert f"freight 1,100 USD of 2001, constant -25.50 USD of 2001, {promised}" in said
    said = printed(lambda out: print_preview(loaded(tmp_path), (), out))
    assert "all want the fastest route" in said
    assert promised in said
    assert "USD" not in said


LATE = "about half or more are late"


@pytest.mark.parametrize(
    ("promise", "said"),
    [
        (12, "12 days is less than the 13 that its transits take at least: none is kept"),
        (15, f"15 days is less than a free-flow trip takes on average, 15.728: {LATE}"),
        (432, "432 days is 27 times a free-flow trip of 15.73 days"),  # 18 days in hours
    ],
)
def test_a_promise_in_another_unit_is_warned_of(promise: float, said: str, tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    assert scenario.preview().warnings == ()
    (warning,) = scenario.with_changes({"routes.rail.promise_days": promise}).preview().warnings
    assert warning == f"routes.rail.promise_days: {said}"


def study(folder: Path, **changes: object) -> sim.Results:
    base = loaded(folder, PRICED)
    return sim.compare([base, base.with_changes(changes, name="other")], jobs=1)


def test_tables_tell_the_rule_and_what_was_promised(tmp_path: Path) -> None:
    results = study(tmp_path, **{"routes.rail.promise_days": 25.5, "choice.rule": "fastest"})
    said = printed(lambda out: print_results(results, out))
    assert (
        "logit choice by cost, time and taste (small); all want the fastest route (other)" in said
    )
    assert "on time, within 18 / 25.5 days" in said
    assert "100.00 ± 0.00 %" in said
    assert "warning" not in said


def test_amounts_in_prices_of_different_years_are_warned_of(tmp_path: Path) -> None:
    differing = "price_year differs (small 2001, other 2010): amounts are in prices of different"
    results = study(tmp_path, price_year=2010)
    assert differing in printed(lambda out: print_results(results, out))
    path, other = written(tmp_path, PRICED), tmp_path / "other.toml"
    other.write_text(PRICED.replace("2001", "2010"))
    done = transsib("compare", path, other, "--json", "--jobs", "1")
    assert f"warning: {differing}" in done.stderr
    assert len(json.loads(done.stdout)["scenarios"]) == 2


def test_the_year_of_prices_changes_no_number(tmp_path: Path) -> None:
    results = study(tmp_path, price_year=None)
    assert results.baseline.key == results.scenario("other").key
    assert results.measures["small"] == results.measures["other"]
    assert words.price_years(results.scenarios) == [
        "price_year differs (small 2001, other –): amounts are in prices of different years"
    ]


def test_promises_and_years_are_kept_in_a_folder(tmp_path: Path) -> None:
    results = study(tmp_path, **{"routes.sea.promise_days": 40, "price_year": 2010})
    save(results, tmp_path / "out")
    again = load_results(tmp_path / "out")
    assert [scenario.price_year for scenario in again.scenarios] == [2001, 2010]
    assert again.value("all.on_time", "other") == results.value("all.on_time", "other")
    assert comparison(again) == comparison(results)


def test_only_routes_with_a_promise_have_the_metric(tmp_path: Path) -> None:
    results = study(tmp_path, **{"routes.sea.promise_days": 40})
    found = {
        name: [
            row["route"] for row in document(results, name)["metrics"] if row["metric"] == "on_time"
        ]
        for name in results.names
    }
    assert found == {"small": ["rail", "all"], "other": ["sea", "rail", "all"]}
    compared = results.differences().query("metric == 'on_time'")
    assert set(compared["route"]) == {"rail", "all"}
    assert set(compared["unit"]) == {"fraction"}


def test_without_a_steady_state_no_part_is_on_time(tmp_path: Path) -> None:
    text = SMALL.replace("max_wait_days = 3", "").replace(
        "[choice]", "[routes.sea]\nclosed = true\n[choice]"
    )
    results = sim.run(loaded(tmp_path, text), jobs=1)
    assert results.growing("small") == {"rail", "all"}
    assert results.value("rail.on_time") is None
    assert results.value("all.on_time") is None
    assert results.measures["small"][0]  # what happened is kept
