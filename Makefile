# Everything from a bare checkout: needs Python 3.11 or newer, make, and pip's and npm's registries as you have them set.

PORT ?= 8000
# one more than there are processors: who waits for a browser leaves one free
PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

PYTHON := $(shell for p in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
SOURCES := forum categories reputation payouts importers search tests

.DEFAULT_GOAL := help
.PHONY: help run test bench check fmt assets lock clean
.DELETE_ON_ERROR:

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: $(BIN)/haas node_modules/.package-lock.json ## the site with a demo community on http://127.0.0.1:8000 (PORT= changes it)
	@exec $(BIN)/haas serve --demo --port $(PORT)

test: check ## everything: check, then all tests in parallel, in real browsers too
	@$(BIN)/python -m pytest -q -n $(PROCESSES) --maxprocesses 8 --dist worksteal $(TESTS)

check: .venv/dev.stamp node_modules/.package-lock.json ## format, lint, types, layers, habits of the house: seconds
	@$(BIN)/ruff format --check --quiet --output-format concise $(SOURCES) || { echo 'not formatted; run: make fmt'; exit 1; }
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > .venv/layers.txt || { cat .venv/layers.txt; exit 1; }
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/unit/test_house.py

bench: $(BIN)/haas node_modules/.package-lock.json ## the benchmarks: a table, and var/bench/<time>.json
	@$(BIN)/haas bench $(BENCH)

fmt: .venv/dev.stamp ## format the sources, and mend what the linter can mend
	@$(BIN)/ruff check --fix --quiet $(SOURCES); $(BIN)/ruff format $(SOURCES)

assets: $(BIN)/haas node_modules/.package-lock.json ## style sheet, scripts and htmx, built and named by content
	@$(BIN)/python -m forum.web.assets

lock: ## lock the dependencies anew (needs uv)
	uv pip compile $(LOCK) pyproject.toml -o requirements.txt
	uv pip compile $(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	uv pip compile $(LOCK) --group pyproject.toml:build -o requirements-build.txt
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links

clean: ## remove what was installed and built; your data under var stay
	rm -rf .venv .build node_modules static/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment -------------------------------------------------------------------------------------------------

# uv where it is there; it does not read pip's settings, so where it fails pip has its turn
define install
{ command -v uv >/dev/null && uv pip install --quiet --python $(1)/bin/python --require-hashes -r $(2) 2>/dev/null; } \
	|| $(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(2)
endef

.venv/bin/python:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3'; exit 1; }
	@echo 'Making the environment (.venv)...'
	@$(PYTHON) -m venv .venv 2>/dev/null || uv venv --quiet --clear --seed --python $(PYTHON) .venv 2>/dev/null \
		|| { rm -rf .venv; echo "Python's venv is missing; on Debian: apt install python3-venv"; exit 1; }

.venv/run.stamp: requirements.txt | .venv/bin/python
	@echo 'Installing what the site needs...'
	@$(call install,.venv,requirements.txt)
	@touch $@

.venv/dev.stamp: requirements-dev.txt | $(BIN)/haas
	@echo 'Installing what the tests need...'
	@$(call install,.venv,requirements-dev.txt)
	@touch $@

# the checkout itself: on the path of its own environment, with its command
$(BIN)/haas: .venv/run.stamp
	@$(BIN)/python -c 'import site, os; open(site.getsitepackages()[0] + "/haas-forum.pth", "w").write(os.getcwd() + "\n")'
	@printf '#!/bin/sh\nexec "%s/$(BIN)/python" -P -m forum.cli "$$@"\n' '$(CURDIR)' > $@
	@chmod +x $@

# --- what the browser needs ------------------------------------------------------------------------------------------

# the user's Node where it is new enough, else one out of a wheel, in an environment of its own
node_modules/.package-lock.json: package-lock.json package.json .npmrc
	@if test "$$(node -p 'process.versions.node.split(".")[0] >= 20' 2>/dev/null)" = true && command -v npm >/dev/null; then \
		echo 'Installing what the browser needs...'; npm ci --ignore-scripts --silent; \
	else \
		$(MAKE) --no-print-directory .build/node/node.stamp \
		&& echo 'Installing what the browser needs...' \
		&& PATH="$(CURDIR)/.build/node/bin:$$PATH" npm ci --ignore-scripts --silent; \
	fi
	@touch $@

.build/node/node.stamp: requirements-build.txt
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3'; exit 1; }
	@echo 'No Node here: installing one for the build (.build/node)...'
	@$(PYTHON) -m venv .build/node
	@$(call install,.build/node,requirements-build.txt)
	@touch $@
