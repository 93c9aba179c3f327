"""A small corridor that uses every key of a scenario file, and how tests change its text."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim

EVERY_KEY = """
title = "Every key of a corridor"
price_year = 2001

[run]
warmup_days = 30
days = 730
replications = 2
seed = 7
confidence = 0.9
start = 2001-01-01

[demand]
containers_per_year = 10_000
directions = { westbound = 0.6, eastbound = 0.4 }
arrivals = "poisson"
monthly = { westbound = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.5] }
growth_per_year = 0.05
value_of_time_usd_per_day = { lognormal = { median = 25, p95 = 180 } }

[demand.classes]
urgent = { share = 0.25, value_of_time_usd_per_day = [100, 200], priority = 1 }
ordinary = { share = 0.75 }

[places]
busan = { latitude = 35.1, longitude = 129, country = "KR", gauge_mm = [1435] }
khasan = { latitude = 42.4, longitude = 130.6, country = "RU", gauge_mm = [1435, 1520] }
chita = { latitude = 52, longitude = 113.5, gauge_mm = [1520] }
moscow = { latitude = 55.75, longitude = 37.62, country = "RU", gauge_mm = [1520] }
suez = { latitude = 29.97, longitude = 32.57 }
cape = { latitude = -34.4, longitude = 18.5 }

[facilities]
dmz = { servers = 2, service_hours = [2, 6], discipline = "priority", handling_usd = 20 }
paths = { headway_hours = 1, each_way = true }

[facilities.gauge]
service_hours = { uniform = [2, 6] }
hours_per_container = 0.05
place = "khasan"
changes_gauge = true

[fleets]
sets = { vehicles = 100, turnaround_days = [1, 3] }
feeders = { vehicles = 4, turnaround_days = 1 }

[carbon]
tonnes_per_container = 14
rail_g_per_tonne_km = 22
sea_g_per_tonne_km = 8
road_g_per_tonne_km = 62
air_g_per_tonne_km = 602

[routes.rail]
freight_usd = 1_100
constant_usd = 100
max_wait_days = 30
promise_days = 18
priority = 2

[routes.rail.stages]
trains = { kind = "departures", place = "busan", annual_capacity = 8_000, capacity = 10, fleet = "sets", quota = { containers = 600, per = "month", carry_over = true }, handling_usd = 80 }
border = { kind = "facility", facility = "dmz" }
korea = { kind = "transit", mode = "rail", via = ["busan", "khasan"], length_km = 1_100, km_per_day = [400, 700] }
customs = { kind = "transit", days = 0.5 }
change = { kind = "facility", facility = "gauge" }
paths = { kind = "facility", facility = "paths" }
main-line = { kind = "transit", mode = "rail", via = ["khasan", "chita", "moscow"], days = [8, 12], length_km = 9_400 }

[routes.sea]
freight_usd = 1_300
closed = false

[routes.sea.stages]
sailing = { kind = "departures", vehicle = "ship", every_days = 1, capacity = 400 }
voyage = { kind = "transit", mode = "sea", via = ["busan", "suez", "moscow"], days = [30, 40], length_km = 20_000, detour = { days = [40, 52], length_km = 27_000, usd = 200, via = ["busan", "cape", "moscow"] } }

[routes.short-sea.stages]
feeder = { kind = "departures", dispatch = "full", longest_hold_days = 3, capacity = 20, fleet = "feeders" }
crossing = { kind = "transit", days = 20, detour = { length_km = 9_000, km_per_day = [300, 450] } }

[choice]
rule = "share"
shares = { westbound = { rail = 0.5, sea = 0.5 }, eastbound = { rail = 0.4, sea = 0.6 } }
scale_usd = 100
posted_every_hours = 20
inertia_days = 10

[phases.boom]
from = 2002-01-01
set = { "routes.rail.freight_usd" = 900.0, "facilities.dmz.servers" = 3 }

[phases.bust]
from = 2002-07-01

[phases.bust.set]
"choice.shares.eastbound" = { rail = 0.1, sea = 0.9 }
"routes.rail.stages.main-line.days" = { uniform = [9, 14] }

[disruptions]
canal = { target = "routes.sea.stages.voyage", effect = "closed", from = 2001-08-23, days = 6 }
winter = { target = "routes.rail.stages.main-line", effect = "slower", factor = 1.5, from = 2001-12-01, days = 90, under_way = "hold" }
strike = { target = "routes.rail.stages.trains", effect = "capacity", factor = 0.5, per_year = 2, days = [3, 9] }
surcharge = { target = "routes.sea.stages.sailing", effect = "dearer", factor = 1.3, per_year = 1, days = 60 }
border = { target = "facilities.dmz", effect = "closed", per_year = 0.5, days = { lognormal = { median = 5, p95 = 13 } }, under_way = "continue" }
tracks = { target = "facilities.gauge", effect = "slower", factor = 2, from = 2002-02-01, days = 30 }
wear = { target = "facilities.gauge.servers", effect = "closed", up_days = { exponential = 60 }, days = { exponential = 2 } }
slump = { target = "demand", effect = "capacity", factor = 0.7, from = 2002-09-01, days = 120 }

[assumptions."routes.rail.freight_usd"]
quality = "assumed"
source = "a guess"
range = [500, 1_300]

[assumptions."facilities.gauge.service_hours"]
quality = "assumed"
source = "a guess"

[assumptions."demand.classes.urgent.share"]
quality = "assumed"
source = "a guess"

[assumptions."places.khasan.gauge_mm"]
quality = "assumed"
source = "a guess"

[assumptions."demand.monthly.westbound"]
quality = "assumed"
source = "a guess"

[assumptions.'phases.boom.set."facilities.dmz.servers"']
quality = "assumed"
source = "a guess"
"""  # noqa: E501  # a stage on a line

DAYS = "routes.rail.stages.main-line.days"
FREIGHT = '"routes.rail.freight_usd" = 900.0'
MONTHS = "[1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.5]"
SHARES = "{ westbound = { rail = 0.5, sea = 0.5 }, eastbound = { rail = 0.4, sea = 0.6 } }"
DIRECTIONS = "{ westbound = 0.6, eastbound = 0.4 }"
RUN = "the run, which goes from 2000-12-02 to 2002-12-31, warm-up included"
A_DATE = "must be a date such as 2001-01-01, without quotes and time"


def changed(text: str, *replacements: str) -> str:
    for old, new in zip(replacements[::2], replacements[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def faults(path: Path) -> list[str]:
    with pytest.raises(sim.ScenarioError) as error:
        sim.load_scenario(path)
    return str(error.value).splitlines()
