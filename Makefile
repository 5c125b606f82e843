# Two commands: `make run` takes real data to a served model, `make test` says whether all is sound.

PORT ?= 3000
PYTHON ?= $(firstword $(shell command -v python3.11 python3 2>/dev/null))
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
export GX_ANALYTICS_ENABLED := false
export BENTOML_DO_NOT_TRACK := True
export DO_NOT_TRACK := 1

.PHONY: help setup run test lint serve demo-drift clean

help:
	@echo "make run     set up, run the whole pipeline, print the verdict and what to do next"
	@echo "make serve   serve the champion, or what was packaged, on port 3000 (make serve PORT=3001)"
	@echo "make demo-drift  a service meets a language it never heard, and learns it: the whole loop as one story"
	@echo "make test    set up, lint, check types and imports, run the tests"
	@echo "make setup   virtual environment, pinned dependencies, data and weights"
	@echo "make clean   remove what the pipeline made (caches, the service's log, feedback and what checks remember stay)"

setup: .venv/fetched

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "error: Python 3.11 is not here; install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "error: Python's venv module is not here; install the package python3.11-venv."; exit 1; }
	@command -v git >/dev/null || { echo "error: git is not here; install it."; exit 1; }
	@echo "setup: installing into .venv (some minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]' || \
	  { echo "error: pip could not install the dependencies; its own words are above."; exit 1; }
	@touch $@

.venv/fetched: .venv/installed params.yaml
	@sensorium fetch
	@touch $@

run: setup
	@dvc repro
	@sensorium summary

serve: .venv/installed
	@bentoml serve --port $(PORT)

demo-drift: setup
	@python -m demo.drift

lint: .venv/installed
	@ruff check
	@ruff format --check
	@mypy
	@lint-imports

test: setup lint
	@pytest --numprocesses 2 --dist loadfile

clean:
	@rm -rf metrics predictions reports dvc.lock
	@test ! -d data || find data -mindepth 1 -maxdepth 1 ! -name served ! -name feedback ! -name monitoring -exec rm -rf {} +
	@find models -mindepth 1 -maxdepth 1 ! -name champion.json -exec rm -rf {} +
