# Two commands are all the set-up: `make demo` and `make test`. Everything lands in .venv and .tools.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; assert sys.version_info >= (3, 11); print(sys.executable)' 2>/dev/null && break; done)
UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
BIN := .venv/bin
SOURCES := simian_army monkeys scheduler safety config
# most of a test's time is spent waiting for servers, processes and clocks: more workers than cores (tests/sharing.py)
WORKERS ?= 6
UNIT := $(addprefix tests/,audit config halts looking monkeys notices observe oracle packaging safety scheduler simian_army testing)

.PHONY: help demo test check lint unit crash soak mutants bench cluster clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.tools/bin/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed on PATH"; exit 2; }
	@echo "installing uv $(UV_VERSION) into .tools ..."
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: pyproject.toml uv.lock | $(filter .tools/%,$(UV))
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed on PATH"; exit 2; }
	@echo "installing the locked dependencies into .venv ..."
	@$(UV) sync --locked --all-extras --compile-bytecode --python "$(PYTHON)" --no-python-downloads
	@$(BIN)/python -m compileall -q $(SOURCES)
	@touch $@

demo: .venv/.ready ## see the whole flow on the embedded world, in under a minute
	@$(BIN)/simian demo

test: .venv/.ready ## run every test this machine can run
	@$(BIN)/pytest -n $(WORKERS)

check: lint unit ## lint, types, import contracts and unit tests

lint: .venv/.ready
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

unit: .venv/.ready
	@$(BIN)/pytest -n $(WORKERS) -q -m "not real and not slow" $(UNIT)

crash: .venv/.ready ## kill an agent at every point, have each of its calls meet each trouble; then 1,500 random histories
	@SIMIAN_CRASH=all $(BIN)/pytest -n $(WORKERS) tests/crash tests/api_faults tests/stateful

soak: .venv/.ready ## ask guards and oracle of a million random scenes (SIMIAN_SCENES, and SIMIAN_SEED to see some again)
	@export SIMIAN_SCENES=$${SIMIAN_SCENES:-1000000} SIMIAN_SEED=$${SIMIAN_SEED:-$$RANDOM$$RANDOM}; \
	echo "SIMIAN_SEED=$$SIMIAN_SEED"; nice $(BIN)/pytest -n $(WORKERS) -q -rP tests/oracle -k agree

mutants: .venv/.ready ## flip every comparison of the guards and the calendar, and see whether a test notices
	@WORKERS=$(WORKERS) nice $(BIN)/python -m tests.mutants

bench: .venv/.ready ## print the benchmarks' ratios
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

cluster: .venv/.ready ## start a real control plane to play with
	@$(BIN)/python -m tests.cluster

clean: ## remove what the other targets made (the cache of built parts stays)
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
