# `make help` lists the targets. Everything runs in .venv, which the first target that needs it creates.
PYTHON ?= python3

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
ONE_THREAD := env OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1 \
	NUMEXPR_NUM_THREADS=1 RAYON_NUM_THREADS=1 NUMBA_NUM_THREADS=1 TORCH_NUM_THREADS=1
# For `speed`, which has a row about threads: Numba's variable would cap them for the life of the process.
TWO_POOLS := $(filter-out NUMBA_NUM_THREADS=1,$(ONE_THREAD))

.DEFAULT_GOAL := help
.PHONY: help test test-slow lint docs data bench speed stages peers accuracy clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Nothing is installed, and no index is asked, while the stamp is newer than both files.
$(STAMP): pyproject.toml constraints.txt
	test -x $(PY) || "$(PYTHON)" -m venv $(VENV)
	$(PY) -m pip install --disable-pip-version-check -e ".[dev]" -c constraints.txt
	touch $@

test: $(STAMP)  ## Run the tests, except those marked slow
	$(PY) -m pytest -m "not slow"

test-slow: $(STAMP)  ## Run the tests marked slow
	$(PY) -m pytest -m slow

lint: $(STAMP)  ## Check style (ruff) and types (mypy)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

docs: $(STAMP)  ## Build the documentation into docs/_build/html; any warning is an error
	$(PY) -m sphinx -W --keep-going -n -b html docs docs/_build/html

data: $(STAMP)  ## Make the files of data/ again, byte for byte
	$(PY) data/create_benzenes.py --out data
	$(PY) data/create_fake_benzenes.py --input data/benzenes.xyz --out data
	$(PY) data/create_ellipsoids.py --out data

bench: $(STAMP)  ## Time HEAD with asv on one thread, publish the dashboard, print the table
	$(PY) -m asv machine --yes --machine local
	$(ONE_THREAD) $(PY) -m asv run --machine local "HEAD^!"
	$(PY) -m asv publish
	$(ONE_THREAD) $(PY) -m benchmarks.table

PEERS := $(VENV)/.peers
$(PEERS): $(STAMP)
	$(PY) -m pip install --disable-pip-version-check -e ".[dev,peers]" -c constraints.txt
	touch $@

speed: $(PEERS)  ## Measure the speed targets, each with pass or miss
	$(TWO_POOLS) $(PY) -m benchmarks.speed

stages: $(STAMP)  ## Print where the time of a calculation goes
	$(ONE_THREAD) $(PY) -m benchmarks.stages

peers: $(PEERS)  ## Compare with isotropic SOAP of featomic and dscribe, and draw the figure
	$(ONE_THREAD) $(PY) -m benchmarks.peers

accuracy: $(STAMP)  ## Print the error of float32 against float64
	$(ONE_THREAD) $(PY) -m benchmarks.accuracy

clean:  ## Delete .venv, caches, builds and asv's working folder
	rm -rf $(VENV) .asv .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist docs/_build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
