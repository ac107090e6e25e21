# What a developer does here. `make` alone prints this menu.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

RUST := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml)
PACKAGES := python/configedge matchmaker benches tests packaging

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-rust test-python lint format bench wheel lock clean

help: ## show this menu
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## create .venv with everything in it, the compiled parts too

$(VENV)/.packages: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@command -v cargo >/dev/null || { echo "A Rust toolchain is needed: see https://rustup.rs"; exit 1; }
	@echo "== Python environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.packages $(RUST) pyproject.toml packaging/backend.py
	@echo "== compiling configrelay and configedge._core (some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

demo: setup ## watch a change travel from a REST call into a running matchmaker
	@$(BIN)/configedge demo

test: test-rust test-python ## run all tests

test-rust: ## test the Rust crates
	@echo "== Rust tests"
	@cargo test --locked --quiet --workspace

test-python: setup ## test everything else, with real processes
	@echo "== Python tests"
	@$(BIN)/python -m pytest

lint: setup ## formatting, types and habits, Rust and Python
	@echo "== lint"
	@cargo fmt --all --check
	@cargo clippy --locked --quiet --workspace --all-targets -- --deny warnings
	@$(BIN)/ruff format --check --quiet $(PACKAGES) && $(BIN)/ruff check --quiet $(PACKAGES)
	@$(BIN)/mypy
	@$(BIN)/python -m mypy.stubtest configedge._core --allowlist tests/stubtest-allowlist.txt

format: setup ## put everything into its form
	@cargo fmt --all
	@$(BIN)/ruff format $(PACKAGES) && $(BIN)/ruff check --fix $(PACKAGES)

bench: setup ## measure reads and propagation, beside their rivals
	@$(BIN)/python -m benches.read
	@$(BIN)/python -m benches.propagation

wheel: $(VENV)/.packages ## build the wheel into dist/
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir dist .
	@ls dist

lock: ## choose new versions of all Python packages
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --upgrade --no-header \
		--no-emit-index-url pyproject.toml --group dev --output-file requirements.lock

clean: ## remove what was built
	rm -rf $(VENV) target dist
