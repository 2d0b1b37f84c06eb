# Everything a user or developer does; `make help` lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
PORT ?= 5000
BIN := .venv/bin
export DVC_NO_ANALYTICS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help install repro test test-faults check bench audit ui verify sync clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

install: .venv/.installed  ## make .venv and install yaynay with all backends and engines (4 minutes)
	@:

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is $$($(PYTHON) -V); Python 3.11 or newer is needed; say which with: make PYTHON=python3.11" >&2; exit 4; }
	@echo "installing yaynay and what it needs into .venv: about 4 minutes, 4 GB"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q -c constraints.txt -e '.[tensorflow,pytensor,ray,slurm,dev]'
	@touch $@

repro: install  ## make tables, train, compare, report and track; then print worked examples and verdicts (3 minutes at first, a second after)
	@echo "making what has changed: tables, runs, verdicts, report, tracking (a first time takes 3 minutes)"
	@$(BIN)/dvc repro -q
	@cat reports/worked.txt
	@echo
	@cat reports/verdicts.txt
	@echo
	@echo "Report: reports/index.html    Runs: make ui"

test: install  ## run all tests, each fault once (7 minutes)
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder

test-faults: install  ## run every repeat and the long cases of the fault tests, and write docs/reliability.md's figures (over an hour)
	$(BIN)/pytest tests/faults tests/pipeline/test_ray.py tests/pipeline/test_submitit.py tests/pipeline/test_sweeps.py \
		tests/contract/test_parity.py tests/unit/models/test_ols.py tests/unit/test_properties.py \
		tests/unit/records/test_store_machine.py --faults

check: install  ## run ruff, types, import contracts, unit tests and doctests (2 minutes)
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 tests/unit tests/conf --doctest-modules src --ignore=src/hydra_plugins \
		--ignore=src/yaynay/models/backends --ignore=src/yaynay/tracking/model.py --ignore=src/yaynay/sweep/_server.py

bench: install  ## measure sweeps beside their peers and write docs/performance.md (25 minutes)
	$(BIN)/python benchmarks/sweeps.py --fresh

audit: install  ## look up every installed version among known security advisories
	@if $(BIN)/python -c 'import socket; socket.create_connection(("api.osv.dev", 443), 5)' 2>/dev/null; \
	then $(BIN)/pip-audit --vulnerability-service osv --skip-editable --progress-spinner off; \
	else echo "not audited: api.osv.dev cannot be reached from here"; fi

ui: install  ## serve the MLflow UI (port: PORT=5000)
	@$(BIN)/python -m yaynay ui --port $(PORT)

verify: install  ## check tables, plans, records and DVC's cache against their digests
	@$(BIN)/python -m yaynay verify

sync: install  ## write every record to MLflow
	@$(BIN)/python -m yaynay sync

clean:  ## remove what make and the tests leave; records, data and reports stay
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache multirun
