# make run: install and train. make lab: install and open the lab. make test, make check: what a change must pass. make
# coverage: the tests, slower, with the share of branches that they reach. make site: the documentation as HTML pages.
# make dist: a wheel. CONTRIBUTING.md says more.
# Needs Python 3.11 or newer and make; PYTHON says which one: make run PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin

# Both the packages and the build itself come from the pinned versions (pip from 25.3 on reads the second name for builds).
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run lab test clusters coverage check format bench docs site studies dist environments clean

run: .venv/installed
	$(BIN)/goodfit train fashion-mnist

lab: .venv/installed
	$(BIN)/goodfit lab

test: .venv/installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Apart from `make test`, which leaves them out where Ray (240 MB) and Dask are not installed.
clusters: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --editable '.[dask,ray]'
	$(BIN)/python -m pytest tests/interop/test_clusters.py

# Apart from `make test`, which it makes 1.4 times as long.
coverage: .venv/installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks --markdown docs/benchmarks.md

docs: .venv/installed-dev
	$(BIN)/python docs/reference.py
	$(BIN)/python docs/study_pages.py

# The documentation as HTML pages in build/site; the notebooks among them are executed.
site: .venv/installed-docs
	$(BIN)/python docs/site/build.py

studies: .venv/installed-dev
	$(BIN)/python docs/study_pages.py run

# The wheel and the source distribution, built and checked, in dist/.
dist: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --editable '.[release]'
	$(BIN)/python tools/dist.py

# That wheel in fresh environments: Pythons x the newest and the oldest versions of what it needs. Takes up to an hour.
environments:
	$(PYTHON) tools/environments.py

clean:
	rm -rf .venv build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: pip runs again only when the requirements have changed.
.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing goodfit into .venv; this takes about a minute, once."
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing goodfit and its tools for development into .venv; this takes about a minute, once."
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch .venv/installed $@

.venv/installed-docs: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing goodfit and what its documentation is built with into .venv; this takes about a minute, once."
	@$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch .venv/installed $@

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "goodfit needs Python 3.11 or newer; '$(PYTHON)' was not found." \
		"Install Python, or name it: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "goodfit needs Python 3.11 or newer;" \
		"'$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name a newer one: make run PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
