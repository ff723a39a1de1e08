# Two commands for a newcomer: `make demo` and `make test`. The rest is for those who work on Pli.
PY ?= python3
BIN := .venv/bin
PIP := $(PY) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check

.PHONY: demo test check bench chaos lock

# --without-pip and `pip --python` also work where python3-venv is absent and where pip refuses to write outside a venv.
.venv/.run: requirements.lock
	@test -x $(BIN)/python || $(PY) -m venv --without-pip .venv
	@$(PIP) --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	@$(PIP) --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

# Set up and start Pli with a sample payroll.
demo: .venv/.run
	@$(BIN)/pli demo

# Set up and run the whole test suite. Without a browser its tests are skipped with the reason, except in CI.
test: .venv/.dev
	-@$(BIN)/python tools/browser.py
	$(BIN)/python -m pytest -n auto --dist loadgroup
	$(BIN)/python -m pytest -m alone
	$(BIN)/python -m pytest -m browser

# Lint, format, types, import contracts.
check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Figures for docs/benchmarks.md. Needs qpdf, openssl and pdftotext as the floor to measure against.
bench: .venv/.dev
	$(BIN)/python -m tests.benchmarks.import_batch
	$(BIN)/python -m tests.benchmarks.web_rates
	$(BIN)/python -m tests.benchmarks.smpp_rates
	$(BIN)/python -m tests.benchmarks.segment_rates
	$(BIN)/python -m tests.benchmarks.dispatch_rates
	$(BIN)/python -m tests.benchmarks.queue_depth

# Kill the worker again and again, longer than the test suite does.
chaos: .venv/.dev
	PLI_TEST_KILLS=200 $(BIN)/python -m pytest tests/stories -k soak -p no:xdist

# Write the lock files anew from requirements*.in. Needs uv.
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	uv pip compile requirements.in -o requirements.lock --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --python-platform x86_64-unknown-linux-gnu
	uv pip compile requirements-dev.in -c requirements.lock -o requirements-dev.lock --generate-hashes --no-header \
		--no-annotate --python-version 3.11 --python-platform x86_64-unknown-linux-gnu
