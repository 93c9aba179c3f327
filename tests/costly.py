"""A small corridor in which everything costs and emits something, and goes wrong now and then."""

from __future__ import annotations

COSTLY = """
price_year = 2001

[run]
warmup_days = 40
days = 760
replications = 2
start = 2001-01-01

[demand]
containers_per_year = 3_000
directions = { out = 0.6, home = 0.4 }
monthly = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
value_of_time_usd_per_day = { lognormal = { median = 25, p95 = 180 } }

[demand.classes]
urgent = { share = 0.3, value_of_time_usd_per_day = [80, 120], priority = 1 }
ordinary = { share = 0.7 }

[facilities]
border = { service_hours = [2, 6], hours_per_container = 0.1, handling_usd = 45.55 }

[carbon]
tonnes_per_container = 12
rail_g_per_tonne_km = 20
sea_g_per_tonne_km = 12.7
road_g_per_tonne_km = 90

[routes.rail]
freight_usd = 1_100.01
max_wait_days = 6

[routes.rail.stages]
truck = { kind = "transit", mode = "road", days = [0.5, 1.5], length_km = 100, detour = { days = 3, length_km = 250, usd = 77.7 } }
trains = { kind = "departures", every_days = 2, capacity = 9, handling_usd = 30.3 }
border = { kind = "facility", facility = "border" }
line = { kind = "transit", mode = "rail", days = [5, 8], length_km = 9_000, detour = { days = [9, 12], length_km = 11_000, usd = 123.45 } }
locals = { kind = "departures", every_days = 1, capacity = 9, handling_usd = 12.1 }
last = { kind = "transit", mode = "rail", days = [1, 2], length_km = 700 }

[routes.road]
freight_usd = 2_500
max_wait_days = 1

[routes.road.stages]
drive = { kind = "transit", mode = "road", days = [9, 14], length_km = 9_500 }
border = { kind = "facility", facility = "border" }

[routes.sea]
freight_usd = 1_300
max_wait_days = 5

[routes.sea.stages]
sailing = { kind = "departures", vehicle = "ship", every_days = 5, capacity = 30, handling_usd = 150 }
voyage = { kind = "transit", mode = "sea", days = [30, 40], length_km = 20_000, detour = { days = [40, 50], length_km = 25_000, usd = 300 } }

[choice]
rule = "logit"
scale_usd = 400
posted_every_hours = 24
shares = { rail = 0.5, road = 0.1, sea = 0.4 }

[phases.cheaper]
from = 2001-07-01
set = { "routes.rail.freight_usd" = 912.34 }

[disruptions.canal]
target = "routes.sea.stages.voyage"
effect = "closed"
per_year = 3
days = [10, 30]

[disruptions.washout]
target = "routes.rail.stages.line"
effect = "closed"
per_year = 4
days = [5, 20]

[disruptions.snow]
target = "routes.rail.stages.truck"
effect = "closed"
per_year = 6
days = [2, 10]

[disruptions.surcharge]
target = "routes.sea.stages.sailing"
effect = "dearer"
factor = 1.5
per_year = 2
days = 30
"""  # noqa: E501  # a stage on a line
