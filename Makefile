# `make help` lists the targets. Everything runs in .venv, which the first target that needs it creates.
PYTHON ?= python3
# Extras to install. Other ones than `dev` get an environment of their own, which has nothing but them.
EXTRAS ?= dev

COMMA := ,
VENV := .venv$(if $(filter-out dev,$(EXTRAS)),-$(subst $(COMMA),+,$(EXTRAS)))
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
ONE_THREAD := env OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1 \
	NUMEXPR_NUM_THREADS=1 RAYON_NUM_THREADS=1 NUMBA_NUM_THREADS=1 TORCH_NUM_THREADS=1
# For `speed`, which has a row about threads: Numba's variable would cap them for the life of the process.
TWO_POOLS := $(filter-out NUMBA_NUM_THREADS=1,$(ONE_THREAD))

.DEFAULT_GOAL := help
.PHONY: help test test-slow test-lowest test-dashboard lint docs data bench speed speed-gpu gpu-static stages peers accuracy study history \
	dashboard gate gate-calibration dist clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Nothing is installed, and no index is asked, while the stamp is newer than both files.
$(STAMP): pyproject.toml constraints.txt
	test -x $(PY) || "$(PYTHON)" -m venv $(VENV)
	$(PY) -m pip install --disable-pip-version-check -e ".[$(EXTRAS)]" -c constraints.txt
	touch $@

test: $(STAMP)  ## Run the tests, except those marked slow
	$(PY) -m pytest -m "not slow and not browser"

test-slow: $(STAMP)  ## Run the tests marked slow
	$(PY) -m pytest -m slow

LOWEST := .venv-lowest
LOWEST_EXTRAS ?= compiled,sklearn,test,torch
# What measures and plots asks for exact or recent versions of its own: only the package's tests.
LOWEST_IGNORED := $(patsubst %,--ignore=tests/%,benchmarks bisect calibration dashboard gate study suite)
test-lowest:  ## Run the package's tests with the lowest versions that pyproject.toml promises (Python 3.10 or 3.11)
	test -x $(LOWEST)/bin/python || "$(PYTHON)" -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --disable-pip-version-check -e ".[$(LOWEST_EXTRAS)]" -c env/lowest.txt
	$(LOWEST)/bin/python -m pytest -m "not slow and not browser" $(LOWEST_IGNORED)

test-dashboard: $(STAMP)  ## Open the dashboard's pages in a headless Chromium, which has to be installed
	$(PY) -m pytest -m browser

lint: $(STAMP)  ## Check style (ruff), types (mypy), spelling (codespell) and workflows (zizmor, GitHub's schema)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/codespell
	$(VENV)/bin/zizmor --offline --quiet .github/workflows

docs: $(STAMP)  ## Build the documentation into docs/_build/html; any warning is an error
	$(PY) -m sphinx -W --keep-going -n -b html docs docs/_build/html

data: $(STAMP)  ## Make the files of data/ again, byte for byte
	$(PY) data/create_benzenes.py --out data
	$(PY) data/create_fake_benzenes.py --input data/benzenes.xyz --out data
	$(PY) data/create_ellipsoids.py --out data
	$(PY) data/create_ellipsoid_energies.py --out data

# asv forks a benchmark's process where that is known to be safe: a process that starts from nothing takes seconds.
LAUNCH := $(if $(filter Linux,$(shell uname)),forkserver,spawn)
bench: $(STAMP)  ## Time HEAD with asv on one thread, publish asv's own pages in .asv/pages, print the table
	$(PY) -m asv machine --yes --machine local
	$(ONE_THREAD) $(PY) -m asv run --machine local --launch-method $(LAUNCH) "HEAD^!"; \
	code=$$?; test $$code -eq 0 -o $$code -eq 2 || exit $$code; \
	$(PY) -m asv publish --html-dir .asv/pages && $(ONE_THREAD) $(PY) -m anisoap_bench.table_of_head && exit $$code

PEERS := $(VENV)/.peers
$(PEERS): $(STAMP)
	$(PY) -m pip install --disable-pip-version-check -e ".[dev,peers]" -c constraints.txt
	touch $@

speed: $(PEERS)  ## Measure the speed targets, each with pass or miss
	$(TWO_POOLS) $(PY) -m benchmarks.speed

speed-gpu: $(STAMP)  ## Measure the backends on an NVIDIA GPU, within five minutes, into results/gpu.json
	$(PY) -m benchmarks.gpu --out results/gpu.json

gpu-static: $(STAMP)  ## Print what NVIDIA's compiler makes of the kernels: registers, spills, instructions, bounds; on any machine
	$(PY) -m benchmarks.gpu_static

stages: $(STAMP)  ## Print where the time of a calculation goes, and draw the figure
	$(ONE_THREAD) $(PY) -m benchmarks.stages

peers: $(PEERS)  ## Compare with isotropic SOAP of featomic and dscribe, and draw the figure
	$(ONE_THREAD) $(PY) -m benchmarks.peers
	$(ONE_THREAD) $(PY) examples/soap_of_peers.py --out examples/gallery/soap_of_peers.json

accuracy: $(STAMP)  ## Print the error of float32 against float64
	$(ONE_THREAD) $(PY) -m benchmarks.accuracy

study: $(STAMP)  ## Run the optimisation study and renew results/ (graphviz's `dot` has to be installed)
	$(ONE_THREAD) $(PY) -m anisoap_bench study all

RANGE ?= NEW
history: $(STAMP)  ## Measure commits in pairs, say which changed a benchmark, and publish: make history RANGE=v1..v2
	$(PY) -m anisoap_bench history $(HISTORY_OPTIONS) "$(RANGE)"

dashboard: $(STAMP)  ## Publish all of asv's results as pages that need no network, in .asv/html
	$(PY) -m anisoap_bench dashboard

BASE ?= main
HEAD ?= HEAD
gate: $(STAMP)  ## Compare two commits; fails if the second is slower, hungrier or wrong: make gate BASE=main HEAD=HEAD
	$(PY) -m anisoap_bench gate --base "$(BASE)" --head "$(HEAD)" $(GATE_OPTIONS)

gate-calibration: $(STAMP)  ## Measure how often the gate is wrong on this machine, into results/gate
	$(PY) -m anisoap_bench calibrate $(GATE_OPTIONS)

DIST_EXTRAS ?=
dist: $(STAMP)  ## Build and check sdist and wheel of HEAD, try every extra of users: make dist DIST_EXTRAS="none torch"
	rm -rf dist
	$(PY) scripts/make_dist.py --tag "$${DIST_TAG:-}" --extras "$(DIST_EXTRAS)"

clean:  ## Delete .venv, caches, builds and asv's working folder
	rm -rf .venv .venv-* .asv .benchmarks .gate .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist docs/_build docs/gallery
	rm -rf *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
