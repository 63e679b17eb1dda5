# rapbot from a fresh clone.  Needed: make and Python 3.11 or 3.12 with venv; nothing else is assumed.
#   make demo    environment, weights, one answered verse in demo/
#   make test    everything that can be tested here: core, development tools, torch and openai-whisper
#   make check   lint, format, types
#   make bench   the benchmarks
# Every target can be repeated and goes on where an interrupted one stopped: a step leaves its stamp only when it is done.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install -c constraints.txt

# The first Python that has the right version and can make an environment (Debian keeps ensurepip in python3-venv).
USABLE := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do $$p -c '$(USABLE)' 2>/dev/null && echo $$p && break; done)

# One math thread, as the command line itself sets it: two on two cores fight.
export OMP_NUM_THREADS ?= 1

VERSE := tests/data/verses/marcus.flac

.PHONY: help demo test test-coqui check bench weights clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.core weights
	@mkdir -p demo
	$(BIN)/rapbot respond $(VERSE) -o demo/reply.wav --report demo/report.json
	@echo "listen to demo/reply.wav; what was heard, said and measured is in demo/report.json"

# coqui-tts is not part of this: `import TTS` needs torchaudio, whose newest release (2.11) does not load with torch 2.13.
# `make test-coqui` gives it an environment of its own, with a stand-in for torchaudio that only the test knows.
test: $(VENV)/.test weights
	@$(BIN)/rapbot models install speaker-encoder kokoro smollm2-135m-instruct
	$(BIN)/python -m pytest

test-coqui: .venv-coqui/.test
	.venv-coqui/bin/python -m pytest tests/engines/test_coqui.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.core weights
	@echo "benchmarks, each ends in a table and one JSON line (options: $(BIN)/rapbot bench --help):"
	@echo "  $(BIN)/rapbot bench respond --json demo/bench_respond.json"
	@echo "  $(BIN)/rapbot bench latency --device offline --json demo/bench_latency.json"
	@echo "  $(BIN)/rapbot bench grid --json demo/bench_grid.json"
	@echo "  benchmarks/wheel_check.sh   the wheel in a clean environment"

weights: $(VENV)/.core
	@$(BIN)/rapbot models install

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "rapbot needs Python 3.11 or 3.12 with venv (Debian: apt-get install python3 python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "installing rapbot: about 320 MB to download, 1.0 GB on disk"
	$(INSTALL) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(INSTALL) -e '.[dev]'
	@touch $@

$(VENV)/.test: $(VENV)/.dev
	$(INSTALL) -e '.[dev,torch]'
	@touch $@

# Without constraints.txt: this environment has a torch of its own.
.venv-coqui/.test: pyproject.toml
	$(PYTHON) -m venv --clear .venv-coqui
	.venv-coqui/bin/python -m pip install --quiet -e . coqui-tts==0.28.0 torch==2.13.0 six pytest hypothesis
	@touch $@

clean:
	rm -rf .venv .venv-coqui build dist demo .pytest_cache .ruff_cache .mypy_cache .hypothesis
