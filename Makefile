# Everything that people and CI do here. `make help` lists it. Targets may run in parallel and need no root.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
# Tests and packing find the Node that was installed by hash before any other.
export PATH := $(CURDIR)/$(BIN):$(PATH)
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal
PYTHONS := src tests tools $(if $(wildcard bench/*.py),bench)
# Runs a command that talks even when all is well, and shows what it said only if it failed.
quietly = said=$$($(1) 2>&1) || { printf '%s\n' "$$said"; exit 1; }

.PHONY: help setup demo test test-all coverage check model mutants format claims docs bench lock
.PHONY: check-format check-lint check-types check-imports check-dependencies check-architecture check-docs
.PHONY: setup-demo setup-check setup-test

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

demo: setup-demo ## run the main job in a loopback world: plan, approve, publish, verify, eight attacks
	@$(BIN)/placet demo

test: setup-test ## run the tests (under 10 minutes; those marked slow or thorough are left to test-all)
	@$(PYTEST) -m 'not slow and not thorough'

test-all: setup-test coverage ## run every test, and the coverage gate (under 40 minutes)
	@$(PYTEST)

coverage: setup-test ## domain and core: every line and branch is covered
	@$(PYTEST) -m 'not slow and not node' $(wildcard tests/unit tests/property tests/contract tests/attacks) \
		--cov=placet.domain --cov=placet.core --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

model: setup-test ## search the model of the receipt's life with spin, and refute its mutants
	@$(BIN)/python tools/model.py

mutants: setup-test ## make twelve mistakes in copies of the code: a named test must find each
	@$(BIN)/python tools/mutants.py

check: setup-check ## the whole static truth: format, lint, types, imports, dependencies, architecture, docs (offline)
	@$(MAKE) -k -j2 --output-sync=target check-types check-format check-lint check-imports check-dependencies \
		check-architecture check-docs
	@echo 'check: ok'

check-format:
	@$(BIN)/ruff format --quiet --check $(PYTHONS)

check-lint:
	@$(BIN)/ruff check --quiet $(PYTHONS)

check-types:
	@$(BIN)/mypy --no-error-summary $(PYTHONS)

check-imports:
	@$(call quietly,$(BIN)/lint-imports --no-logo)

check-dependencies:
	@$(call quietly,$(BIN)/deptry --no-ansi src)

check-architecture:
	@$(call quietly,$(BIN)/python -m pytest -p no:cacheprovider tests/architecture)

check-docs:
	@$(BIN)/python tools/reference.py --check

format: setup-check ## format the code and apply safe fixes
	@$(BIN)/ruff check --quiet --fix $(PYTHONS)
	@$(BIN)/ruff format --quiet $(PYTHONS)

claims: setup-check ## write the names of new attack and contract tests into tests/claims.txt
	@$(BIN)/python tools/claims.py

docs: setup-check ## write the generated pages of docs/reference
	@$(BIN)/python tools/reference.py

bench: setup-test ## measure, print, and write bench/results.json
	@$(BIN)/python -m bench

lock: setup-check ## compile the requirement files from pyproject.toml (UPGRADE=1 takes newer versions)
	@tools/lock $(if $(UPGRADE),--upgrade)

setup: setup-test ## install everything that work on Placet needs into .venv

setup-demo setup-check setup-test:
	@tools/setup $(@:setup-%=%)
