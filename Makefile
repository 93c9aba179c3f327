# Everything runs in .venv, made from requirements.lock; a second `make` starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OUT ?= out/demo

# Each of the many commands that tests run finds compiled what it imports, wherever they run.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test verify repeat lint mutants kills bench pictures lock clean

help: ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## the virtual environment with the locked packages

# --without-pip and pip's --python also work where ensurepip is missing (a bare Debian). The locked
# pip comes first: that of the system may be old, and takes three times as long for the rest. What
# is imported gets compiled then, not all that is installed.
PIP := pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-deps --no-compile
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv --clear --without-pip $(VENV)
	sed -n '/^pip==/,/[^\\]$$/p' requirements.lock > $(VENV)/pip.txt
	$(PYTHON) -m $(PIP) --require-hashes -r $(VENV)/pip.txt
	$(BIN)/python -m $(PIP) --require-hashes -r requirements.lock
	$(BIN)/python -m $(PIP) --no-build-isolation --editable .
	touch $@

CORRIDOR := corridor-today corridor-200k corridor-500k
HEADLINE := today link-200k link-500k forecast-200k forecast-500k

demo: $(READY) ## the main job: today, the link's ceilings and its forecasts at 200,000 and 500,000 a year
	$(BIN)/transsib compare $(HEADLINE:%=scenarios/%.toml) --out $(OUT)

lint: $(READY) ## formatting, lint, types, import contracts, scenario files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tombi lint --offline --quiet scenarios

PYTEST := TRANSSIB_REPLICATIONS=2 TRANSSIB_DAYS=20 TRANSSIB_CONTAINERS=20_000 $(BIN)/python -m pytest -n auto

test: lint ## everything that has to hold, in under 10 minutes
	$(PYTEST)

TIMES ?= 20
repeat: $(READY) ## the tests so many times (TIMES=20), or some of them (ONLY=tests/test_keeping.py)
	for n in $$(seq $(TIMES)); do $(PYTEST) --quiet $(ONLY) || exit 1; done

verify: lint ## the whole slow suite, of which `make test` runs a sample; writes VERIFICATION.md's tables
	rm -rf out/verify
	TRANSSIB_VERIFY=1 TRANSSIB_EXAMPLES=5000 $(PYTEST) -m "slow or not slow" --junitxml=out/verify/tests.xml
	$(BIN)/python tests/run_mutants.py
	$(BIN)/python tests/bench.py
	$(BIN)/python tests/tables.py

mutants: $(READY) ## some 60 faults put into a copy of the program, one at a time: each turns a test red
	$(BIN)/python tests/run_mutants.py

kills: $(READY) ## a run killed at 200 random moments and resumed, the same to the bit
	TRANSSIB_KILLS=200 $(BIN)/python -m pytest tests/test_keeping.py -k killed_at_any_moment

bench: $(READY) ## speed and memory, measured beside the per-container reference
	$(BIN)/python tests/bench.py $(if $(QUICK),--quick)

pictures: $(READY) ## re-make the pictures of the README
	rm -rf out/pictures out/frontier out/corridor out/tornado out/border
	$(BIN)/transsib compare $(HEADLINE) --out out/pictures
	$(BIN)/transsib solve forecast-200k --target rail.share=0.10 --by routes.rail.freight_usd \
		--vary routes.rail.stages.line.days=14:20:2 --out out/frontier
	$(BIN)/transsib compare $(CORRIDOR) --out out/corridor
	$(BIN)/transsib sensitivity forecast-200k --out out/tornado
	$(BIN)/transsib compare corridor-200k border-closed --out out/border
	mkdir -p pictures
	cp out/pictures/shares.png out/pictures/times.png out/frontier/frontier.png pictures
	cp out/corridor/stages.png out/corridor/map.png out/tornado/tornado.png out/border/strings.png pictures

lock: ## requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra bench --extra cluster --extra dev --extra notebook --extra sensitivity --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade -o requirements.lock

clean: ## remove what was built
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
