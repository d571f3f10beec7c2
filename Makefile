# `make` prints this help. Everything below works from a fresh clone.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
WORKERS ?= auto
SIDE_BY_SIDE := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm
PEERS ?= ../shared/bench/peers

.PHONY: help demo dashboard dashboard-dev screenshots wheel test test-timescale check format lint types imports unit soak soak-broker broker-faults bench bench-ui evidence bench-peers golden clean

help: ## show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/pip:
	@python=$$(scripts/find_python.sh) && $$python -m venv $(VENV)
	@touch $@

$(VENV)/stack: pyproject.toml | $(VENV)/pip
	@echo "installing Tidewire into $(VENV)"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[stack]'
	@$(BIN)/python -m stack.compiling
	@touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/pip
	@echo "installing Tidewire and its development tools into $(VENV)"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/stack

$(VENV)/sentiment: $(VENV)/dev
	@echo "installing torch and what the FinBERT tier needs: several gigabytes"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[sentiment-tests]'
	@touch $@

$(VENV)/dashboard: dashboard/package-lock.json $(VENV)/dev
	@echo "installing what the dashboard is built and tested with"
	@cd dashboard && $(NPM) ci --no-audit --no-fund
	@touch $@

dashboard: $(VENV)/dashboard ## build the dashboard, which the API serves
	@cd dashboard && $(NPM) run build

dashboard-dev: $(VENV)/dashboard ## the dashboard's sources at work, beside what TIDEWIRE_ORIGIN names
	@cd dashboard && $(NPM) run dev

screenshots: $(VENV)/dashboard ## every page, light, dark and phone, into docs/screenshots
	@$(BIN)/python -m scripts.take_screenshots

wheel: dashboard ## the package, dashboard included, into dist/
	@$(BIN)/pip wheel -q --no-deps -w dist .

demo: $(VENV)/stack ## the whole system on this machine: real Kafka, real PostgreSQL, one trading day
	@$(BIN)/tidewire demo $(ARGS)

test: format lint types imports $(VENV)/sentiment $(VENV)/dashboard ## everything CI checks; files side by side, WORKERS=0: one by one
	@$(PYTEST) $(SIDE_BY_SIDE) $(ARGS)

check: test ## the same as test

format: $(VENV)/dev
	@$(BIN)/ruff format --check .

lint: $(VENV)/dev
	@$(BIN)/ruff check .

types: $(VENV)/dev
	@$(BIN)/mypy

imports: $(VENV)/dev
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

unit: $(VENV)/dev ## the quick tests: no servers
	@$(PYTEST) $(SIDE_BY_SIDE) tests/unit tests/property tests/golden

test-timescale: $(VENV)/dev ## the storage suites on TimescaleDB: name it by TIDEWIRE_POSTGRES_BIN or TIDEWIRE_DATABASE_URL
	@TIDEWIRE_TEST_TIMESCALE=1 $(PYTEST) tests/integration/test_storage.py tests/integration/test_rollups.py \
	  tests/integration/test_backup.py tests/integration/test_pages.py \
	  tests/integration/test_runs.py tests/integration/test_outages.py \
	  tests/integration/test_archive.py tests/e2e/test_recorded_days.py $(ARGS)

golden: $(VENV)/dev ## rewrite the golden files; read the diff before you commit it
	@TIDEWIRE_REWRITE_GOLDEN=1 $(PYTEST) tests/golden

soak: $(VENV)/dev ## the long runs: the whole recorded month, again and again
	@$(PYTEST) -m soak -o addopts="-ra --import-mode=importlib"

broker-faults: $(VENV)/dev ## the desk at the stand-in under twelve faults, twenty seeds each, into docs/broker.md
	@$(BIN)/python -m tests.soak.broker_faults $(ARGS)

soak-broker: $(VENV)/dev ## a recorded day at the stand-in, sixty times as fast, past its close: TIDEWIRE_TEST_DATA names the data
	@$(PYTEST) -m soak -o addopts="-ra -s --import-mode=importlib" tests/soak/test_broker_day.py $(ARGS)

bench: $(VENV)/sentiment ## measure: one JSON line a figure, as ratios; ONLY=engine, api or news
	@$(BIN)/python -m benchmarks.run --peers $(PEERS) $(if $(ONLY),--only $(ONLY))

bench-ui: $(VENV)/dashboard ## measure the dashboard in a browser: first paint, long tasks under load
	@$(BIN)/python -m benchmarks.dashboard_speed

evidence: $(VENV)/dev ## what learning is worth: known truth and recorded bars, into docs/learning.md
	@$(BIN)/python -m benchmarks.evidence $(ARGS)

bench-peers: ## install the engines that bench compares with, each in an environment of its own
	@scripts/install_peers.sh

clean: ## remove environment and caches; the home directory stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
