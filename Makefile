# What a developer does here. `make` alone prints this menu.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Where the environment forbids compiled modules, each of the hundreds of processes that tests start compiles ours again.
export PYTHONDONTWRITEBYTECODE :=

RUST := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml)
PACKAGES := python/configedge matchmaker benches tests packaging

.DEFAULT_GOAL := help
.PHONY: help setup demo test compile-rust compiled test-compiled-copy test-rust test-python test-compiled test-long test-kube lint format bench bench-read bench-rust bench-watch soak fuzz asan relay sync wheel lock clean

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
	@echo "== compiling configrelay, configsync and configedge._core (some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

demo: setup ## watch a change travel from a REST call into a running matchmaker
	@$(BIN)/configedge demo

test: test-rust test-python test-compiled ## run all tests

# What lint and test-rust compile, beside a setup: whose last step of each release keeps one core busy, and no more.
compile-rust: $(VENV)/.packages
	@cargo clippy --locked --quiet --workspace --all-targets -- --deny warnings
	@cargo test --locked --quiet --workspace --no-run

test-rust: ## test the Rust crates
	@echo "== Rust tests"
	@cargo test --locked --quiet --workspace

test-python: setup ## test everything else, with real processes
	@echo "== Python tests"
	@$(BIN)/python -m pytest

# The matchmaker as wheels have it, away from its sources: beside them it would outlive an edit.
COMPILED := build/compiled
$(COMPILED)/.done: packaging/compiled.py $(shell find matchmaker -type f -not -path '*/__pycache__/*') $(VENV)/.packages | $(VENV)/.installed
	@echo "== compiling the matchmaker"
	@$(BIN)/python packaging/compiled.py $(COMPILED)
	@for name in benches docs python; do ln -sfn ../../$$name $(COMPILED)/$$name; done && touch $@

compiled: $(VENV)/.installed
	@if why=$$($(BIN)/python packaging/compiled.py --check 2>&1); then $(MAKE) --no-print-directory $(COMPILED)/.done; \
		else rm -rf $(COMPILED); echo "the matchmaker is not compiled, because $$why"; fi

test-compiled: compiled ## test the matchmaker compiled, as wheels have it
	@if [ -d $(COMPILED) ]; then $(MAKE) --no-print-directory test-compiled-copy; else echo "skipped: tests of the compiled matchmaker"; fi

test-compiled-copy:
	@echo "== tests of the compiled matchmaker"
	@rm -rf $(COMPILED)/tests && cp -r tests pyproject.toml $(COMPILED)/
	@cd $(COMPILED) && $(CURDIR)/$(BIN)/python -c 'import matchmaker.service as it; assert it.__file__.endswith(".so"), it.__file__'
	@cd $(COMPILED) && $(CURDIR)/$(BIN)/python -m pytest tests/matchmaker tests/fleet

# Those that have a long form, and cuts under the control plane.
CONTROL_PROOFS = $(shell grep -lr --include='test_*.py' --exclude-dir=kube '"PROOFS"' tests) tests/faults/test_control_power_cuts.py
test-long: setup ## the same proofs at length: 10,000 sequences of mutations, 2,450 broken bundles, 2,200 power cuts, 100,000 seeds
	@MUTATIONS=10000 ISOLATION=full POWER_CUTS=2000 $(BIN)/python -m pytest -s \
		tests/relay/test_mutations.py tests/relay/test_isolation.py tests/faults/test_power_cuts.py
	@PROOFS=long POWER_CUTS=200 $(BIN)/python -m pytest -s $(CONTROL_PROOFS)
	@SIMULATION_SEEDS=100000 cargo test --locked --release --package configrelay --test simulation
	@if $(BIN)/python -m tests.kube.binaries --check; then PROOFS=long $(BIN)/python -m pytest -s tests/kube; fi

test-kube: setup ## the way through a real Kubernetes API server and the real Flux, as processes (builds them once: needs Go)
	@$(BIN)/python -m tests.kube.binaries || echo "test-kube is skipped"
	@$(BIN)/python -m pytest tests/kube

lint: setup ## formatting, types and habits, Rust and Python
	@echo "== lint"
	@cargo fmt --all --check
	@cargo clippy --locked --quiet --workspace --all-targets -- --deny warnings
	@RUSTDOCFLAGS="--deny warnings" cargo doc --locked --quiet --no-deps --package configedge-snapshot
	@$(BIN)/ruff format --check --quiet $(PACKAGES) && $(BIN)/ruff check --quiet $(PACKAGES)
	@$(BIN)/mypy
	@$(BIN)/python -m mypy.stubtest configedge._core --allowlist tests/stubtest-allowlist.txt

format: setup ## put everything into its form
	@cargo fmt --all
	@$(BIN)/ruff format $(PACKAGES) && $(BIN)/ruff check --fix $(PACKAGES)

$(VENV)/.bench: $(VENV)/.installed benches/requirements.lock
	@echo "== rivals for the benches"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benches/requirements.lock
	@touch $@

bench: $(VENV)/.bench $(COMPILED)/.done ## measure everything beside its rivals; tables, JSON and charts in build/bench
	@mkdir -p build/bench
	@for name in read readers switch clients relay propagation hints control matchmaker edges fleet flux scale shadow compare incident; do \
		case $$name in matchmaker|edges|fleet) at=$(COMPILED);; *) at=.;; esac; \
		(cd $$at && $(CURDIR)/$(BIN)/python -m benches.$$name --json $(CURDIR)/build/bench/$$name.json) || exit 1; done

# Each of PYTHONS gets an environment of its own with the wheel, because hot reads differ from build to build of CPython.
bench-read: $(VENV)/.bench ## measure reads only, with other interpreters too: make bench-read PYTHONS=/usr/bin/python3
	@mkdir -p build/bench; others=""; for python in $(PYTHONS); do \
		env=$(CURDIR)/build/python-$$(basename $$python)-$$($$python -c 'import hashlib, sys; print(hashlib.sha256(sys.executable.encode()).hexdigest()[:8])'); \
		echo "== environment for $$python"; test -x $$env/bin/python || $$python -m venv $$env || exit 1; \
		$$env/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benches/requirements.lock || exit 1; \
		PATH=$$env/bin:$$PATH $$env/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-build-isolation --no-deps . || exit 1; \
		others="$$others --python $$env/bin/python"; done; \
	$(BIN)/python -m benches.read --json build/bench/read.json $$others

bench-rust: ## measure the Rust core beside arc-swap, LMDB and mmap-sync
	@cd rust/bench && CARGO_TARGET_DIR=$(CURDIR)/target/bench cargo bench --locked -- --noplot

bench-watch: setup ## measure the rows that a maintainer watches, beside the last time
	@$(BIN)/python -m pytest tests/bench/test_watched.py --benchmark-only --benchmark-autosave --benchmark-compare

soak: ## verify a billion words over 5,000 publishes while writers are killed
	@SOAK_WORDS=1000000000 SOAK_PUBLISHES=5000 cargo test --locked --release --package configedge-snapshot --test soak

FUZZ_SECONDS ?= 120
fuzz: ## feed the snapshot reader with mutated files (nightly Rust, cargo-fuzz)
	@cargo +nightly fuzz --version >/dev/null 2>&1 || { echo "needs a nightly toolchain and cargo install cargo-fuzz"; exit 1; }
	@mkdir -p build/fuzz && cp -n tests/vectors/snapshots/*/*.bin build/fuzz/ 2>/dev/null; \
		cd rust/snapshot && cargo +nightly fuzz run verify $(CURDIR)/build/fuzz -- -max_total_time=$(FUZZ_SECONDS) -max_len=65536

HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
asan: ## run the snapshot crate's tests under AddressSanitizer (nightly Rust)
	@rustc +nightly --version >/dev/null 2>&1 || { echo "needs a nightly toolchain: rustup toolchain install nightly"; exit 1; }
	@RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=$(CURDIR)/target/asan cargo +nightly test --locked --target $(HOST) \
		--package configedge-snapshot --test hostile --test vectors --test publish_and_read --test round_trip

BUILD = mkdir -p dist && cd packaging && cp "$$(../$(BIN)/python -c 'import backend; print(backend.build_command("$(1)"))' | tail -1)" ../dist/$(1) && ls -l ../dist/$(1)
relay: $(VENV)/.packages ## build the relay alone, static, into dist/: for deploy/relay/Containerfile
	@$(call BUILD,configrelay)

sync: $(VENV)/.packages ## build configsync alone, static, into dist/: for deploy/components/spool-kube/Containerfile
	@$(call BUILD,configsync)

wheel: $(VENV)/.packages ## build the wheel into dist/
	@CONFIGEDGE_COMPILED=required $(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir dist .
	@ls dist

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url
lock: ## choose new versions of all Python packages
	@$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --upgrade pyproject.toml --group dev --output-file requirements.lock
	$(COMPILE) --upgrade --constraint requirements.lock pyproject.toml --group dev --group bench --output-file benches/requirements.lock

clean: ## remove what was built
	rm -rf $(VENV) target dist build
