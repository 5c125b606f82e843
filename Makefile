# Two commands: `make run` takes real data to a served model, `make test` says whether all is sound.

PORT ?= 3000
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
  $$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
IS_SUPPORTED = $(or $(PYTHON),false) -c '$(SUPPORTED)' 2>/dev/null || { \
  echo "error: Python 3.11, 3.12 or 3.13 with its venv module is not here; install it (Debian: python3-venv), or name it: \
make PYTHON=/path/to/python3.12"; exit 1; }
BIN := .venv/bin
SECOND := .venv/second/bin
# Python compiles a module when it is first imported: of what is installed here, most never is.
PIP := -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
TORCH ?=
FROM_TORCH := $(if $(wildcard $(TORCH)/.),--no-index --find-links,--index-url) $(TORCH)
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make pins" uv pip compile --quiet pyproject.toml
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
export GX_ANALYTICS_ENABLED := false
export BENTOML_DO_NOT_TRACK := True
export DO_NOT_TRACK := 1

.PHONY: help setup run test lint serve demo-drift test-python pins clean

help:
	@echo "make run     set up, run the whole pipeline, print the verdict and what to do next"
	@echo "make serve   serve the champion, or what was packaged, on port 3000 (make serve PORT=3001)"
	@echo "make demo-drift  a service meets a language it never heard, and learns it: the whole loop as one story"
	@echo "make test    set up, lint, check types and imports, run the tests"
	@echo "make setup   virtual environment, pinned dependencies, data and weights; TORCH=ADDRESS saves gigabytes"
	@echo "             where there is no GPU, PYTHON=PATH names another Python (docs/install.md)"
	@echo "make test-python  the tests that need no torch on another Python (make test-python PYTHON=python3.13)"
	@echo "make pins    write constraints.txt anew after a change of pyproject.toml"
	@echo "make clean   remove what the pipeline made (caches, the service's log, feedback and what checks remember stay)"

setup: .venv/fetched

.venv/installed: pyproject.toml constraints.txt
	@$(IS_SUPPORTED)
	@command -v git >/dev/null || { echo "error: git is not here; install it."; exit 1; }
	@echo "setup: installing into .venv (some minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -z "$(TORCH)" || $(BIN)/python $(PIP) --no-deps $(FROM_TORCH) torch || \
	  { echo "error: pip found no torch at TORCH=$(TORCH); its own words are above."; exit 1; }
	@$(BIN)/python $(PIP) --editable '.[train,serve,monitor,flows]' || \
	  { echo "error: pip could not install the dependencies; its own words are above."; exit 1; }
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "setup: installing what the tests need"
	@$(BIN)/python $(PIP) --editable '.[dev]' || \
	  { echo "error: pip could not install what the tests need; its own words are above."; exit 1; }
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

lint: .venv/installed-dev
	@ruff check
	@ruff format --check
	@mypy
	@lint-imports

test: setup lint
	@pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-python:
	@test -e .venv/installed-dev || { echo "error: run make test first; its environment tells what train brings."; exit 1; }
	@$(IS_SUPPORTED)
	@test "$$($(SECOND)/python --version 2>&1)" = "$$($(PYTHON) --version)" || $(PYTHON) -m venv --clear $(dir $(SECOND))
	@$(SECOND)/python $(PIP) --editable '.[serve,monitor,flows,dev]' || \
	  { echo "error: pip could not install the dependencies into .venv/second; its own words are above."; exit 1; }
	@ONLY_TRAIN="$$($(BIN)/python -m tests.without_train)" PATH="$(CURDIR)/$(SECOND):$$PATH" \
	  python -m pytest --numprocesses 2 --dist loadfile -p tests.without_train -m "not slow"

pins: .venv/installed-dev
	@$(COMPILE) --universal --python-version 3.11 --all-extras --annotation-style line \
	  --output-file constraints.txt $(UPGRADE)
	@$(COMPILE) --universal --python-version 3.11 --extra serve --no-annotate --constraint constraints.txt \
	  --output-file src/sensorium/serving/requirements.txt $(UPGRADE)
	@for version in 3.11 3.12 3.13; do $(COMPILE) --python-version $$version --all-extras --constraint constraints.txt \
	  --only-binary :all: --no-binary antlr4-python3-runtime >/dev/null || exit 1; done

clean:
	@rm -rf metrics predictions reports dvc.lock dvc_plots
	@rm -rf $(addprefix data/,source raw valid prepared embeddings demo)
	@rm -rf $(addprefix models/,.compressing search trained compressed packaged bento.json challenger.json)
