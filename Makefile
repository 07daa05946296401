# Two commands: `make demo` sets everything up and runs the whole route; `make test` sets everything up and tests it.
# Everything that is installed lies in .venv/ and .tools/; everything that runs keeps its state in $(FIRSTHAND_HOME).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TEST_JOBS ?= 2
export FIRSTHAND_HOME ?= $(CURDIR)/.firsthand

.PHONY: help install system demo test lint bench releasebench powerloss fuzz lock clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

system: ## install ffmpeg, bubblewrap and what else the system must have
	@infra/local/system_packages.sh $(SYSTEM_FOR)

install: system $(INSTALLED) ## install everything that running needs

$(INSTALLED): requirements.lock pyproject.toml
	@infra/local/make_venv.sh $(PYTHON) $(VENV) requirements.lock
	@touch $@

demo: install ## run the whole route, from camera files to a dataset that a partner has pulled and verified
	@$(BIN)/firsthand demo

test: SYSTEM_FOR := tests
test: install lint ## check style, types and import contracts, and run every test against real servers
	@$(BIN)/pytest -n $(TEST_JOBS) --dist loadgroup --no-loadscope-reorder

lint: $(INSTALLED) ## check style, types and import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: install ## measure speed against bare ffmpeg and what others use: BENCH="--only speed --repeats 1" asks for less
	@$(BIN)/python -m tests.bench $(BENCH)

releasebench: install ## measure what clips for a release cost: make releasebench SOURCE=src.mp4
	@$(BIN)/python -m tests.bench.release_clips $(SOURCE)

powerloss: install ## kill what sends, docks and preserves footage at a hundred random moments; nothing may be lost
	@$(BIN)/pytest -s tests/power --power-losses 100

fuzz: install ## look for faults in one parser for a minute, guided by coverage: TARGET=exif, xmp, tracks, telemetry, manifests or unsealing
	@test -d .tools/fuzz || $(BIN)/pip install --quiet --target .tools/fuzz "atheris==3.0.0"
	@PYTHONPATH=.tools/fuzz $(BIN)/python -m tests.fuzz $(or $(TARGET),exif) -max_total_time=$(or $(SECONDS_MAX),60) -artifact_prefix=.tools/

lock: $(INSTALLED) ## resolve the newest versions that fit into the lock files
	@infra/locks/lock.sh

clean: ## remove what was installed; FIRSTHAND_HOME stays
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
