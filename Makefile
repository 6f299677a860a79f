# Every verb does its own set-up; the second run of it needs no network.
PYTHON ?= python3
BIN := .venv/bin
# Where PATH has no Node that is new enough, .venv has one.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix relay/web --silent

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo dev test chaos check bench images wheel clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-6s %s\n", $$1, $$2}' Makefile

setup: ## .venv, the viewer, redis-server, nginx and Chromium: all that the tests need
	@$(PYTHON) tools/setup.py --dev --services

demo: ## two gateways and four workers to watch in a browser; Ctrl-C ends it
	@$(PYTHON) tools/setup.py
	@$(BIN)/python -m tailrace_relay.demo

dev: ## a gateway with an embedded Redis, for your own programs
	@$(PYTHON) tools/setup.py
	@$(BIN)/tailrace dev

test: setup check ## everything CI runs: set-up, check, tests
	$(NPM) run sizes
	$(NPM) test
	@# Tests begin hundreds of processes, each of which would compile all that it imports where none may write that down.
	@$(BIN)/python -m compileall -q agent relay/tailrace_relay
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

chaos: setup ## the long form of the fault tests: 200 kills, Redis away for a minute, nginx idle for two, many calls
	TAILRACE_CHAOS=long $(BIN)/pytest tests/chaos tests/e2e/test_spine.py tests/e2e/test_quiet.py tests/agent/cli/test_ship.py \
		tests/relay/test_session.py tests/relay/test_contract.py tests/relay/test_fuzzed_sockets.py --timeout 900 -s

check: ## lint, format and types
	@$(PYTHON) tools/setup.py --dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	@# mypy keeps one core busy: the web's turn is on the other.
	$(BIN)/mypy & python=$$!; $(NPM) run lint && $(NPM) run types; web=$$?; wait $$python && exit $$web

bench: setup ## print the budgets, each beside its peer
	$(BIN)/python -m tests.bench

images: setup ## docs/images: the viewer's main states, taken of the demo
	$(BIN)/python -m tests.browser.screenshots

wheel: ## sdist and wheel, with the viewer in them, in dist/
	@$(PYTHON) tools/setup.py
	$(BIN)/python -m hatchling build

clean: ## remove .venv, caches and build results
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	rm -rf relay/tailrace_relay/static relay/web/node_modules relay/web/*/dist
	find agent relay tests tools -name __pycache__ -prune -exec rm -rf {} +
