# The one door for people and machines: run setup test check bench proof lock (and what translators need).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
FLASK := $(BIN)/flask --app portal
export PORT ?= 5000
export PORTAL_DATA ?= $(CURDIR)/var
export PYTHONDONTWRITEBYTECODE :=# compiled code is kept: each process of the tests would compile the portal anew

.PHONY: help run setup test check check-rooms check-readers checks bench proof lock catalogues messages tools dev \
	programs coverage sbom

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

run: setup ## everything, with a demonstration school on the first run, on http://127.0.0.1:$PORT
	@exec $(FLASK) serve --demonstration

setup: $(BIN)/.installed catalogues ## environment, catalogues and databases, nothing started
	@mkdir -p "$(PORTAL_DATA)"
	@$(FLASK) db upgrade 2> >(grep -v 'alembic.runtime' >&2)
	@case "$${DATABASE_URL:-}" in postgres*) $(FLASK) jobs prepare;; esac

# The environment is made anew from the lock whenever the lock is newer than it.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or later is needed: $(PYTHON) was not found"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed"; exit 1; }
	@echo "Making the environment in .venv"
	@$(PYTHON) -m venv .venv

$(BIN)/.installed: requirements.lock | $(BIN)/python
	@echo "Installing the locked packages"
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

# Compiled when they are first used: much of them never is.
$(BIN)/.installed-check: requirements-check.lock $(BIN)/.installed
	@echo "Installing the locked packages of the checks"
	@$(PIP) install --require-hashes --no-compile -r requirements-check.lock
	@touch $@

$(BIN)/.installed-dev: requirements-dev.lock $(BIN)/.installed-check
	@echo "Installing the locked packages of the whole suite"
	@$(PIP) install --require-hashes --no-compile -r requirements-dev.lock
	@touch $@

tools: $(BIN)/.installed-check

dev: $(BIN)/.installed-dev

# Anew only when a text may have changed; the catalogue named here is the one that is written last.
LAST_CATALOGUE := translations/en/LC_MESSAGES/staff.mo

$(LAST_CATALOGUE): $(wildcard babel*.cfg translations/*/LC_MESSAGES/*.po) \
		$(shell find portal -name '*.py' -o -name '*.html' -o -name '*.txt' -o -name '*.toml') | $(BIN)/.installed
	@$(BIN)/python -m portal.cli.catalogues compile

catalogues: $(LAST_CATALOGUE)

messages: $(BIN)/.installed ## bring the translators' catalogues up to date with the texts
	@$(BIN)/python -m portal.cli.catalogues update

test: dev programs catalogues checks ## everything: checks, both databases, the browser
	@$(BIN)/python -m pytest -n 2

# What the fast part leaves to `make test`: rooms that take pages, processes, imports and paper, and files that are slow as a
# whole. It does not even read them: that alone takes seconds.
WHOLE_HOUSE := browser commands deploy faults intake letters security services web
QUICK_ROOMS := $(filter-out $(WHOLE_HOUSE:%=tests/%),$(patsubst %/__init__.py,%,$(wildcard tests/*/__init__.py)))
# Of the use cases only the way of a request: filed, decided, carried out. And that no page is without an access rule.
HEART := $(patsubst %,tests/services/test_%.py,file_request decide_case carry_out) \
	tests/web/test_matrix.py::test_every_endpoint_has_a_written_expectation
SLOW_FILES = $(shell grep -rlE '^pytestmark = pytest.mark.(slow|proof)$$' --include='test_*.py' tests)
QUICKLY = $(BIN)/python -m pytest -q -p no:cacheprovider -m "not slow and not postgres and not proof" $(SLOW_FILES:%=--ignore=%)

check: tools catalogues ## the fast part, under two minutes: linters, types, the domain and what it stands on, a request's way
	@$(MAKE) --no-print-directory -j3 --output-sync=target check-rooms check-readers checks

# Two processes that take about as long.
READERS := tests/policy tests/rules

check-rooms: tools catalogues
	@$(QUICKLY) $(filter-out $(READERS),$(QUICK_ROOMS)) $(HEART)

check-readers: tools catalogues
	@$(QUICKLY) $(READERS)

checks: tools
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check . | tail -20; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 4

# What no package of Python brings: the browser, with what WeasyPrint sets letters with, and another reader of PDFs.
PROGRAMS := chromium libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 poppler-utils

programs:
	@if command -v chromium chromium-browser >/dev/null && command -v pdfinfo >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian's Chromium and poppler-utils"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PROGRAMS); } \
			>/dev/null 2>&1 || echo "They could not be installed: the tests that need them are skipped"; \
	else echo "No Chromium or no pdfinfo here, and no right to install them: the tests that need them are skipped"; fi

coverage: dev catalogues ## how much of the code the tests run
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q -m "not browser and not proof"
	@$(BIN)/coverage report --skip-covered --sort=cover

bench: dev ## the benchmarks: a table here, JSON lines in benchmarks/results/
	@$(BIN)/python -m benchmarks

proof: dev catalogues ## the long figures at the promised rounds, JSON lines in docs/proof/
	@PORTAL_PROOF=1 $(BIN)/python -m pytest -m proof

sbom: dev ## the bill of materials (CycloneDX) of what is locked, in artefacts/sbom.json
	@mkdir -p artefacts
	@$(BIN)/python -W ignore -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file artefacts/sbom.json

lock: dev ## new versions within requirements*.in, with hashes and without any registry's address
	@for list in requirements requirements-check requirements-dev; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
			--python-version 3.11 $$list.in -o $$list.lock; \
	done
	@! grep -nE 'https?://' requirements*.lock
