# Needs python3 (3.11 or later, with venv), make and git. The README says what each target does by hand.

PYTHON ?= python3
DATASET ?= yellow
MONTH ?= 2021-01
BIN := .venv/bin
# Dagster recommends its newer command dg in place of the ones used here, at every start.
export PYTHONWARNINGS := ignore:Function

.PHONY: run dev doctor test lint bench bench-tools lock stop clean

run: .venv/ready
	$(BIN)/dagster job execute -m taxi_assets.definitions -j $(DATASET)_trips --tags '{"dagster/partition": "$(MONTH)-01"}'
	@$(BIN)/python -m taxi_assets.show $(DATASET) $(MONTH)
	@echo
	@echo "Next:  make dev                        the UI, on http://127.0.0.1:3000"
	@echo "       make run DATASET=green MONTH=2020-04"
	@echo "       TAXI_PUBLISHER=tlc make run     the real month, from TLC"
	@echo "       make stop                       stops the local Postgres"

# Without it dagster dev announces a temporary history, though dagster.yaml keeps it in .dagster/.
dev: export DAGSTER_HOME ?= $(CURDIR)
dev: .venv/ready
	$(BIN)/dagster dev -h 127.0.0.1 -p 3000

# Whether all that the settings ask for is there.
doctor: .venv/ready
	@$(BIN)/python -m taxi_assets.doctor

test: .venv/ready
	$(BIN)/python -m pytest

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/dagster definitions validate

# Takes minutes: the tutorial's scripts run beside ours. BENCH="--fhvhv-rows 20000000 --backfill-months 200 --publish" is all of it.
bench: .venv/ready
	$(BIN)/python -m benchmarks $(BENCH)

# Other loaders to compare with, in an environment of their own.
bench-tools:
	$(PYTHON) -m venv .venv-benchmarks
	.venv-benchmarks/bin/pip install --quiet "dlt[postgres]" adbc-driver-manager adbc-driver-postgresql pyarrow sling

stop: .venv/ready
	$(BIN)/python -m taxi_assets.resources.embedded_postgres stop .taxi/postgres

# Pins every dependency with its hashes, for all platforms; needs uv.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-strip-extras --python-version 3.11 --all-extras \
		--output-file requirements.lock pyproject.toml

clean: stop
	rm -rf .taxi .dagster logs .logs_queue .venv .venv-bigquery .venv-benchmarks

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "python3 lacks venv: on Debian and Ubuntu, apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
