# The commands of this repository; each sets up what it needs by itself.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup run test lint types contracts unit page-test soak bench test-box docs clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/' | expand -t 14

run: setup       ## four simulated cameras, a simulated board, the recorder and its page
	@$(BIN)/nvr run --cameras sim --bench

setup:           ## virtual environment and page, nothing else
	@$(PYTHON) scripts/setup.py run

test:            ## lint, types, import contracts, all tests (under 15 minutes on two cores)
	@$(PYTHON) scripts/setup.py test
	@$(MAKE) --no-print-directory lint types contracts page-test unit

lint:
	@$(BIN)/ruff check appliance board tests scripts
	@$(BIN)/ruff format --check appliance board tests scripts

types:
	@$(BIN)/mypy

contracts:
	@$(BIN)/lint-imports --no-cache | tail -n 3

page-test:
	@$(PYTHON) scripts/setup.py page-test

unit:
	@$(BIN)/pytest -m "not soak" -n 2 --dist loadfile

soak:            ## the large counts and long runs in full (hours)
	@$(PYTHON) scripts/setup.py test
	@$(BIN)/pytest -m soak

bench:           ## the figures, into build/bench.json and docs/reference/figures.md
	@$(PYTHON) scripts/setup.py bench
	@$(BIN)/python -m scripts.bench

test-box:        ## the suite in an amd64 Debian 13 chroot, with Debian's own packages
	@scripts/test-box

docs:            ## the generated pages of docs/reference
	@$(BIN)/python scripts/reference.py

clean:           ## what was built; footage and settings in var/ stay
	@rm -rf build .venv appliance/web/static appliance/web/ui/node_modules
