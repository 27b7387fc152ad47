# Every target makes its prerequisites available by itself. `make` lists them.

CARGO ?= cargo
# For every build, test and lint; CI passes --locked.
CARGO_FLAGS ?=
BENCH_ARGS ?=
# Where `make goldens` keeps what a program printed, and the program that it asks.
GOLDENS ?= $(TARGET_DIR)/goldens
GOLDENS_PROGRAM ?= $(PROGRAM)
# Where `make install` places the program; DESTDIR goes before it, for whoever makes a package of the result.
PREFIX ?= /usr/local
DESTDIR ?=

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
PROGRAM := $(TARGET_DIR)/release/threadkeep
# Modules that a macro declares, which cargo fmt does not see.
COMMANDS := host/cli/src/commands/*.rs

.DEFAULT_GOAL := help
.PHONY: help setup program component plugins other-plugins lake test-lake build install uninstall dist run test bench bench-peers bench-lake goldens lint deny fmt

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## make the build's tools available, above all a compiler for the component's target
	@.ci/setup

# The features are those of the whole workspace, so that nothing is compiled again for the rest.
program: setup ## build the program alone, with the component inside
	$(CARGO) build --release --workspace --bin threadkeep $(CARGO_FLAGS)

build: setup ## build the program and the tests' own programs
	$(CARGO) build --release --workspace $(CARGO_FLAGS)

# Root often has no cargo: then what was built already is installed.
install: export PREFIX := $(PREFIX)
install: export DESTDIR := $(DESTDIR)
install: $(if $(shell command -v $(CARGO)),program) ## install program, man pages and completions: PREFIX=/usr/local, DESTDIR
	@packaging/install

uninstall: export PREFIX := $(PREFIX)
uninstall: export DESTDIR := $(DESTDIR)
uninstall: ## remove what `make install` placed
	@packaging/install --remove

# Of the program that is built; Wasmtime is not built again.
dist: program ## make what people install without a compiler, in target/dist: archive, wheel, packages for npm and Debian
	@.ci/setup packaging || true
	@packaging/dist

component: build ## build the components, one for each world of wit/, and say where they are
	@for world in parser reader core; do \
		wc -c $$(ls -t $$(find $(TARGET_DIR)/release/build -name $$world.component.wasm) | head -n 1); \
	done | awk '{ print $$2 ": " $$1 " bytes" }'

# The plugins are compiled apart, below plugins/target unless CARGO_TARGET_DIR says where.
plugins: setup ## build the example plugins that are written in Rust into target/plugins
	$(CARGO) run --release --package threadkeep-guest-build --example build-plugins $(CARGO_FLAGS) -- $(TARGET_DIR)/plugins \
		$(filter-out plugins/sdk,$(patsubst %/Cargo.toml,%,$(wildcard plugins/*/Cargo.toml)))

# In a copy below target/tools, and anew when their sources are others. What a language needs that cannot be had here is said.
other-plugins: plugins ## build those in JavaScript and Python too, where npm and pip can be had
	@.ci/setup javascript || true
	@.ci/setup python || true
	@set -e; for plugin in csv-list-js activity-python; do \
		project=$(TARGET_DIR)/tools/$$plugin; made=$(TARGET_DIR)/plugins/$$plugin.wasm; \
		if [ ! -e $$project/installed ] || [ $$made -nt $$project/copied ]; then continue; fi; \
		$(CARGO) run --release --package threadkeep-guest-build --example build-plugins $(CARGO_FLAGS) -- $(TARGET_DIR)/plugins $$project; \
	done

# A workspace of its own, in the same directory: `threadkeep push` looks for the program beside itself. It needs no compiler for the
# component's target.
lake: ## build threadkeep-lake, which `threadkeep push` starts: the only program here with Arrow, HTTP and TLS in it
	$(CARGO) build --release --manifest-path lake/Cargo.toml --target-dir $(TARGET_DIR) $(CARGO_FLAGS)

# Of this one alone; `make test` does it, too.
test-lake: lake ## test threadkeep-lake, with DuckDB, PostgreSQL and a server that speaks S3 where they can be had
	@.ci/setup lake || true
	@.ci/setup postgres || true
	$(CARGO) test --release --manifest-path lake/Cargo.toml --target-dir $(TARGET_DIR) $(CARGO_FLAGS)

# Codex's own files are only read: the state goes below the target directory.
run: program ## list the threads of your Codex home, or of a copy of the tests' home if you have none
	@set -e; \
	threadkeep() { \
		echo "+ $(PROGRAM) $$*" >&2; \
		$(PROGRAM) "$$@"; \
	}; \
	home="$${CODEX_HOME:-$$HOME/.codex}"; \
	if [ -d "$$home/sessions" ] || [ -d "$$home/archived_sessions" ]; then \
		threadkeep --home "$$home" --state-dir $(TARGET_DIR)/state/user list; \
	else \
		home=$(TARGET_DIR)/demo-home; \
		if [ ! -d $$home ]; then \
			rm -rf $$home.new; \
			cp -R tests/fixtures/home $$home.new; \
			mv $$home.new $$home; \
		fi; \
		for command in init list status; do \
			threadkeep --home $$home --state-dir $(TARGET_DIR)/state/demo $$command; \
		done; \
		echo "these are the threads of a made-up home: there are no sessions in $${CODEX_HOME:-$$HOME/.codex} yet" >&2; \
	fi; \
	echo "next: make install PREFIX=\"\$$HOME/.local\", then threadkeep --help; without that, $(PROGRAM) --help" >&2

# Tests that run the component under Node, open pages in a browser, press keys in a shell, make packages, or run plugins in other
# languages say so where they cannot.
test: build plugins other-plugins lake ## build everything and run every test
	@.ci/setup node || true
	@.ci/setup browser || true
	@.ci/setup shells || true
	@.ci/setup packaging || true
	$(CARGO) test --release --workspace $(CARGO_FLAGS)
	$(CARGO) test --release --workspace --manifest-path plugins/Cargo.toml $(CARGO_FLAGS)
	@$(MAKE) --no-print-directory test-lake

bench: build plugins ## measure, in at most 15 minutes; BENCH_ARGS goes to the benchmark: --full, --home DIR, --only PART
	$(CARGO) run --release --package threadkeep-tests --bin threadkeep-bench $(CARGO_FLAGS) -- $(BENCH_ARGS)

# CODEX_BIN may name several, separated by colons; the others are looked for on PATH.
bench-peers: build ## measure other programs in turn with this one, those that are here, and write assets/bench-peers.*
	$(CARGO) run --release --package threadkeep-tests --bin threadkeep-bench $(CARGO_FLAGS) -- \
		--only peers --rollouts 10000 --history mixed $(BENCH_ARGS)

# In about half an hour, with 4 GB below TMPDIR. BENCH_ARGS="--machines 5,10" does with less.
bench-lake: lake ## measure a made-up team of 200 machines and 2,000,000 threads: what is pushed, compacted and asked
	@.ci/setup lake
	$(CARGO) build --release --manifest-path lake/Cargo.toml --example generated_team --target-dir $(TARGET_DIR) $(CARGO_FLAGS)
	$(TARGET_DIR)/tools/lake/bin/python lake/tests/scale/measure_team.py $(TARGET_DIR)/release/threadkeep-lake \
		$(TARGET_DIR)/release/examples/generated_team $(BENCH_ARGS)
	$(TARGET_DIR)/tools/lake/bin/python lake/tests/scale/count_requests.py $(TARGET_DIR)/release/threadkeep-lake \
		$(TARGET_DIR)/release/examples/generated_team

goldens: build ## compare what the program prints with GOLDENS, which is taken first if it is not there
	@set -e; \
	goldens() { $(TARGET_DIR)/release/threadkeep-goldens "$$@" --program $(GOLDENS_PROGRAM); }; \
	if [ -d $(GOLDENS) ]; then goldens compare --with $(GOLDENS); else goldens take --into $(GOLDENS); fi

lint: ## check format, lints, documentation (warnings being errors), and that nothing large is compiled twice
	@.ci/setup lint
	$(CARGO) fmt --all --check
	$(CARGO) fmt --all --check --manifest-path plugins/Cargo.toml
	$(CARGO) fmt --check --manifest-path lake/Cargo.toml
	rustfmt --check --edition 2024 $(COMMANDS)
	@.ci/compiled-once $(CARGO_FLAGS)
	$(CARGO) clippy --release --workspace --all-targets $(CARGO_FLAGS) -- -D warnings
	$(CARGO) clippy --release --workspace --all-targets --manifest-path plugins/Cargo.toml $(CARGO_FLAGS) -- -D warnings
	$(CARGO) clippy --release --all-targets --manifest-path lake/Cargo.toml --target-dir $(TARGET_DIR) $(CARGO_FLAGS) -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --workspace --no-deps --document-private-items $(CARGO_FLAGS)
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --no-deps --document-private-items --manifest-path lake/Cargo.toml \
		--target-dir $(TARGET_DIR) $(CARGO_FLAGS)

deny: ## check the dependencies' versions, licences, sources and, where they can be had, advisories
	@.ci/deny $(CARGO_FLAGS)
	@.ci/deny $(CARGO_FLAGS) --manifest-path lake/Cargo.toml

fmt: ## format the sources
	$(CARGO) fmt --all
	$(CARGO) fmt --all --manifest-path plugins/Cargo.toml
	$(CARGO) fmt --manifest-path lake/Cargo.toml
	rustfmt --edition 2024 $(COMMANDS)
