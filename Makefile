# Needs make, git, and Python 3.11 to 3.14 with venv. Uses uv where it is installed, pip otherwise: the result is the same.
# The README says what each target does by hand.

DATASET ?= yellow
MONTH ?= 2021-01
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for python in $(PYTHONS); do $$python -c '$(SUPPORTED)' 2> /dev/null && echo $$python && break; done)
UV ?= $(shell command -v uv)
BIN := .venv/bin
# For targets that cannot do without it; the environment of make lint holds one.
ANY_UV = $(or $(UV),$(BIN)/uv)
HOME_FOLDER := $(or $(TAXI_HOME),.taxi)
# Where Dagster keeps its history: sqlite, in .dagster/, or postgres, for many months at once.
STORAGE ?= sqlite
ifeq ($(STORAGE),postgres)
export DAGSTER_HOME := $(CURDIR)/deploy
# A database beside the trips, in the local server, unless you name one of your own. The URL holds no password, but the
# name of a file that only you can read.
HISTORY = url="$${DAGSTER_POSTGRES_URL:-$$($(BIN)/taxi-assets postgres start \
	--database dagster)}" && DAGSTER_POSTGRES_URL="$$url"
else ifneq ($(STORAGE),sqlite)
$(error STORAGE is sqlite or postgres, not $(STORAGE))
endif

# Of these commands, and no others, Dagster says at every start that dg has another (see the README). Yours come after.
superseded = ignore:Function `$(1)_command` is superseded,$(PYTHONWARNINGS)
run: export PYTHONWARNINGS := $(call superseded,job_execute)
dev: export PYTHONWARNINGS := $(call superseded,dev)
lint: export PYTHONWARNINGS := $(call superseded,definitions_validate)

.DEFAULT_GOAL := help
.PHONY: help run dev doctor test test-fast test-elsewhere test-lowest chaos concurrency fuzz sbom lint bench bench-tools lock stop clean clean-data

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/ready ## a month through the whole path: DATASET=green MONTH=2020-04
	@key="$$($(BIN)/taxi-assets key $(DATASET) $(MONTH))" || exit; \
	$(HISTORY) $(BIN)/dagster job execute -m taxi_assets.definitions -j $(DATASET)_trips \
		--tags "{\"dagster/partition\": \"$$key\"}" || \
		{ $(HISTORY) $(BIN)/taxi-assets why $(DATASET) $(MONTH); exit 1; }
	@$(BIN)/taxi-assets show $(DATASET) $(MONTH)
	@echo
	@echo "Next:  make dev                        the UI, on http://127.0.0.1:3000"
	@echo "       make run DATASET=green MONTH=2020-04"
	@echo "       TAXI_PUBLISHER=tlc make run     the real month, from TLC"
	@echo "       make stop                       stops the local Postgres"

# Without it dagster dev announces a temporary history, though dagster.yaml keeps it in .dagster/.
dev: export DAGSTER_HOME ?= $(CURDIR)
dev: .venv/ready ## the UI and the daemon, on http://127.0.0.1:3000
	$(HISTORY) $(BIN)/dagster dev -h 127.0.0.1 -p 3000

doctor: .venv/ready ## whether all that the settings ask for is there
	@$(HISTORY) $(BIN)/taxi-assets doctor

# A module's tests stay in one process, with the servers that they share. WORKERS=0 runs all of them in this one.
WORKERS ?= auto
test: .venv/ready-test ## the test suite, on real servers that it starts itself
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Under two minutes. pyproject.toml says what each marker stands for.
test-fast: .venv/ready-test ## the part of it that runs no whole months and no other programs
	$(BIN)/python -m pytest -m "not (slow or daemon or browser or emulator or real_data)"

# Three to four minutes. Moving the date takes Linux and a C compiler.
test-elsewhere: .venv/ready-test ## a quick part of it at other dates, in other time zones and languages, under another umask
	$(BIN)/python -m taxi_assets_tests.elsewhere

# 10,000 examples of each kind, other ones each time: an hour or two.
fuzz: .venv/ready-test ## hostile input: many more examples than the suite tries
	$(BIN)/python -m pytest taxi_assets_tests/fuzz --hypothesis-profile=fuzz --timeout=0

# CHAOS="--trials 20 --seed 7" for fewer of them, or for the same moments again. About ten seconds a trial on two cores.
chaos: .venv/ready-test ## kills 200 runs at random moments; every place must have the month once, and readers notice nothing
	$(BIN)/python -m taxi_assets_tests.chaos $(CHAOS)

concurrency: .venv/ready-test ## lets runs of a month meet 50 times: at once, stopped half-way, beside long readers
	$(BIN)/python -m taxi_assets_tests.chaos --trials 0 --concurrency 50 $(CHAOS)

test-lowest: .venv/ready-dev ## a month by the lowest versions that pyproject.toml allows
	rm -rf .venv-lowest && $(ANY_UV) venv --quiet --python $(BIN)/python .venv-lowest
	$(ANY_UV) pip compile --quiet --resolution lowest-direct --extra local --group build --python .venv-lowest \
		--no-annotate --no-header --output-file .venv-lowest/requirements.txt pyproject.toml
	$(ANY_UV) pip install --quiet --python .venv-lowest --no-deps -r .venv-lowest/requirements.txt
	TAXI_HOME=$(CURDIR)/.venv-lowest/taxi DAGSTER_HOME=$(CURDIR)/.venv-lowest PYTHONPATH=$(CURDIR) PYTHONWARNINGS=ignore \
		.venv-lowest/bin/dagster job execute -m taxi_assets.definitions -j $(DATASET)_trips --tags '{"dagster/partition": "$(MONTH)-01"}'
	.venv-lowest/bin/python -m taxi_assets.resources.embedded_postgres stop .venv-lowest/taxi/postgres

sbom: ## what the locks install, as a bill of materials (CycloneDX) in sbom.json (needs uv)
	$(ANY_UV) tool run --from "cyclonedx-bom>=7,<8" cyclonedx-py requirements locks/run.lock \
		--pyproject pyproject.toml --output-reproducible --of JSON -o sbom.json

lint: .venv/ready-dev ## ruff, mypy, the layers of imports, the definitions, and the locks on every platform (asks the package index)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/dagster definitions validate
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m taxi_assets_tests.locks

# BENCH=--quick takes a few minutes, without BENCH many. BENCH="--fhvhv-rows 20000000 --backfill-months 200 --publish" is all of it.
bench: .venv/ready-test ## our path beside the tutorial's scripts and psql
	$(BIN)/python -m benchmarks $(BENCH)

bench-tools: ## other loaders to compare with, in an environment of their own
	$(PYTHON) -m venv .venv-benchmarks
	.venv-benchmarks/bin/pip install --quiet "dlt[postgres]" adbc-driver-manager adbc-driver-postgresql pyarrow sling

# Without an environment that works too: then by signal, once the process is known to be the server of this folder.
stop: ## stops the local Postgres
	@if $(BIN)/python -c 'import taxi_assets.resources.embedded_postgres.command, taxi_assets.resources.embedded_postgres.server' 2> /dev/null; then \
		$(BIN)/python -m taxi_assets.resources.embedded_postgres stop; \
	elif data=$$(cd "$(HOME_FOLDER)/postgres/data" 2> /dev/null && pwd -P) && \
		pid=$$(head -n 1 "$$data/postmaster.pid" 2> /dev/null) && \
		{ tr '\0' ' ' < "/proc/$$pid/cmdline" || ps -ww -o args= -p "$$pid"; } 2> /dev/null | \
			grep -qF -e "postgres -D $$data -p"; then \
		kill -INT "$$pid" && \
		while [ -e "$$data/postmaster.pid" ] && kill -0 "$$pid" 2> /dev/null; do sleep 1; done; \
		echo "The server is stopped."; \
	else \
		echo "The server was not running."; \
	fi

clean: ## removes environments and caches; loaded months and the history of runs stay
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .tmp_dagster_home_* logs .logs_queue deploy/logs

clean-data: stop ## removes loaded months and the history of runs, after asking (or YES=1)
	@du -sh "$(HOME_FOLDER)" .dagster 2> /dev/null || true
	@test "$(YES)" = 1 || { printf 'Delete them? Type yes: ' && read answer && test "$$answer" = yes; }
	rm -rf "$(HOME_FOLDER)" .dagster

COMPILE = $(ANY_UV) pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header \
	--constraints locks/constraints.txt
lock: ## pins all dependencies anew, with hashes, for all platforms (needs uv)
	$(COMPILE) --extra local --group build --output-file locks/run.lock pyproject.toml
	$(COMPILE) --group test --constraints locks/run.lock --output-file locks/test.lock
	$(COMPILE) --group dev --constraints locks/run.lock --constraints locks/test.lock --output-file locks/dev.lock

# The locks are complete, so nothing is resolved: a resolver would trip over what was released after them.
LOCKED := --no-deps --require-hashes
ifneq ($(UV),)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
CHECK := $(UV) pip check --quiet --python $(BIN)/python
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
CHECK := $(BIN)/python -m pip check --quiet --disable-pip-version-check
endif

INSTALLED := import sys; from importlib.util import find_spec; sys.exit(find_spec("dagster") is None)
# An environment whose Python was upgraded or removed is made anew.
ifeq ($(shell test ! -e .venv/ready || $(BIN)/python -c '$(INSTALLED)' 2> /dev/null || echo broken),broken)
.PHONY: .venv/ready
endif

.venv/ready: locks/run.lock pyproject.toml
ifneq ($(UV),)
	@$(UV) venv --quiet --clear --python "$(or $(PYTHON),>=3.11,<3.15)" .venv
else
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUPPORTED)' || \
		{ echo "Python 3.11 to 3.14 is needed: install one, or name it: make PYTHON=/path/to/python3.13"; exit 1; }
	@$(PYTHON) -m venv --clear .venv || { echo "Python lacks venv: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
endif
	$(INSTALL) $(LOCKED) -r locks/run.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	$(CHECK)
	@# 95 MB of descriptions of Google APIs that nothing here calls; dagster-gcp uses the one of Dataproc.
	@find .venv -path '*/googleapiclient/discovery_cache/documents/*' ! -name 'dataproc.*' -delete
	@touch $@

.venv/ready-test: .venv/ready locks/test.lock
	$(INSTALL) $(LOCKED) -r locks/test.lock
	$(CHECK)
	@touch $@

.venv/ready-dev: .venv/ready-test locks/dev.lock
	$(INSTALL) $(LOCKED) -r locks/dev.lock
	$(CHECK)
	@touch $@
