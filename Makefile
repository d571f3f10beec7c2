# `make` prints this help. Everything below works from a fresh clone.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
WORKERS ?= auto
SIDE_BY_SIDE := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
PEERS ?= ../shared/bench/peers

.PHONY: help demo test test-timescale check format lint types imports unit soak bench evidence bench-peers golden clean

help: ## show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/pip:
	@python=$$(scripts/find_python.sh) && $$python -m venv $(VENV)
	@touch $@

$(VENV)/stack: pyproject.toml | $(VENV)/pip
	@echo "installing Tidewire into $(VENV)"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[stack]'
	@touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/pip
	@echo "installing Tidewire and its development tools into $(VENV)"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/stack

$(VENV)/sentiment: $(VENV)/dev
	@echo "installing torch and what the FinBERT tier needs: several gigabytes"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[sentiment-tests]'
	@touch $@

demo: $(VENV)/stack ## the whole system on this machine: real Kafka, real PostgreSQL, one trading day
	@$(BIN)/tidewire demo $(ARGS)

test: format lint types imports $(VENV)/sentiment ## everything CI checks; files side by side, WORKERS=0: one by one
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

bench: $(VENV)/sentiment ## measure: one JSON line a figure, as ratios; ONLY=engine or news
	@$(BIN)/python -m benchmarks.run --peers $(PEERS) $(if $(ONLY),--only $(ONLY))

evidence: $(VENV)/dev ## what learning is worth: known truth and recorded bars, into docs/learning.md
	@$(BIN)/python -m benchmarks.evidence $(ARGS)

bench-peers: ## install the engines that bench compares with, each in an environment of its own
	@scripts/install_peers.sh

clean: ## remove environment and caches; the home directory stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
