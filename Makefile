# Every verb does its own set-up; the second run of it needs no network.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo dev test chaos check bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-6s %s\n", $$1, $$2}' Makefile

setup: ## .venv, redis-server and Chromium: all that the tests need
	@$(PYTHON) tools/setup.py --dev --services

demo: ## two gateways and four workers to watch in a browser; Ctrl-C ends it
	@$(PYTHON) tools/setup.py
	@$(BIN)/python -m tailrace_relay.demo

dev: ## a gateway with an embedded Redis, for your own programs
	@$(PYTHON) tools/setup.py
	@$(BIN)/tailrace dev

test: setup check ## everything CI runs: set-up, check, tests
	$(BIN)/pytest -n 2 --dist loadfile

chaos: setup ## the long form of the fault tests: 200 kills, Redis away for a minute
	TAILRACE_CHAOS=long $(BIN)/pytest tests/chaos --timeout 900 -s

check: ## lint, format and types
	@$(PYTHON) tools/setup.py --dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: setup ## print the budgets, each beside its peer
	$(BIN)/python -m tests.bench

clean: ## remove .venv, caches and build results
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find agent relay tests tools -name __pycache__ -prune -exec rm -rf {} +
