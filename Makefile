# Everything a user or developer does; `make help` lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
PORT ?= 5000
BIN := .venv/bin
export DVC_NO_ANALYTICS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help announce install repro test test-faults check bench audit ui verify sync clean
.NOTPARALLEL:

INSTALL := install into .venv: about 3 minutes, 0.8 GB to download and 3.5 GB of disk (with PyTorch for the CPU)
PIPELINE := make tables, runs and reports: about 3 minutes and 0.1 GB of disk
DEVELOP := install the tests' tools into .venv: about 1 minute, 0.2 GB to download and 0.5 GB of disk

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

install: .venv/.installed  ## make .venv and install what the pipeline needs (3 minutes, 0.8 GB to download, 3.5 GB of disk)
	@:

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is $$($(PYTHON) -V); Python 3.11 or newer is needed; say which with: make PYTHON=python3.11" >&2; exit 4; }
	@echo "$(if $(wildcard $@),bring .venv up to date,$(if $(filter repro,$(MAKECMDGOALS)),installing ...,$(INSTALL)))"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q -c constraints.txt -e '.[pipeline,tensorflow,pytensor]'
	@touch $@

.venv/.developing: .venv/.installed
	@echo "$(if $(wildcard $@),bring the tests' tools up to date,$(DEVELOP))"
	@$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	@touch $@

announce:
	@$(if $(wildcard .venv/.installed),,echo "to do: $(INSTALL)")
	@$(if $(wildcard results/worked),,echo "to do: $(PIPELINE)")

repro: announce install  ## make tables, train, compare, report and track; then print worked examples and verdicts (3 minutes and 0.1 GB of disk at first, a second after)
	@$(BIN)/dvc repro -q
	@cat reports/worked.txt
	@echo
	@cat reports/verdicts.txt
	@echo
	@echo "Report: reports/index.html    Runs: make ui"

test: .venv/.developing  ## run all tests, each fault once (7 minutes)
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder

test-faults: .venv/.developing  ## run every repeat and the long cases of the fault tests, and write docs/reliability.md's figures (over an hour)
	$(BIN)/pytest tests/faults tests/pipeline/test_ray.py tests/pipeline/test_submitit.py tests/pipeline/test_sweeps.py \
		tests/pipeline/test_wheel.py \
		tests/contract/test_parity.py tests/unit/models/test_ols.py tests/unit/test_properties.py \
		tests/unit/records/test_store_machine.py --faults

check: .venv/.developing  ## run ruff, types, import contracts, unit tests and doctests (2 minutes)
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 tests/unit tests/conf --doctest-modules src --ignore=src/hydra_plugins \
		--ignore=src/yaynay/models/backends --ignore=src/yaynay/tracking/model.py --ignore=src/yaynay/sweep/_server.py

bench: .venv/.developing  ## measure sweeps beside their peers and write docs/performance.md (25 minutes)
	$(BIN)/python benchmarks/sweeps.py --fresh

audit: .venv/.developing  ## look up every installed version among known security advisories
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
