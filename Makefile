# Needs a Python 3.11 to 3.14, make and git; everything else goes into .venv.
# PYTHON=/path/to/python chooses the interpreter, PORT=9000 the demo's port.

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install install-demo demo graphiql test test-real test-built test-faults test-conformance test-install truth test-all \
  check check-format check-lint check-types check-layers check-schema check-files fmt lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Set up .venv for development, as locked in locks/ (nothing to do when it is up to date)
	@PYTHON='$(PYTHON)' sh scripts/install dev

install-demo: ## Set up of .venv what the demo needs; `install` adds the rest
	@PYTHON='$(PYTHON)' sh scripts/install demo

demo: install-demo ## Run the gateway against a real Debezium of its own
	@exec $(BIN)/topicsnap demo $(if $(PORT),--port $(PORT))

graphiql: install-demo ## Build the GraphiQL page, where its sources changed or the installation could not
	@$(BIN)/python hatch_build.py

# Of tests: SIZE=quick, SIZE=ci or SIZE=closing says how much is tried, WORKERS=n on how many processes (docs/tests.md).
export SIZE
WORKERS ?= 2
PYTEST := $(BIN)/pytest -n $(WORKERS)
# The closing size of a tier whose tests have one size is to run it three times.
ROUNDS := $(if $(filter closing,$(SIZE)),1 2 3,1)

test: install ## Run the tests of a few minutes: everything but the tiers below, and the main job on a real Debezium (COVERAGE=1)
	@$(PYTEST) -m 'not real and not built and not faults' $(if $(COVERAGE),--cov)

test-real: install ## Run the tests on a real Debezium: end to end, contracts of channels, sandbox, demo
	@for round in $(ROUNDS); do $(PYTEST) -m real || exit 1; done

test-built: install ## Run the tests of what is built and installed: wheel, installer, GraphiQL page in a browser, npm clients
	@for round in $(ROUNDS); do $(PYTEST) -m built || exit 1; done

test-faults: install ## Kill, freeze and cut what Topicsnap stands on, and Topicsnap; prints what was counted
	@for round in $(ROUNDS); do $(BIN)/pytest tests/faults -rP || exit 1; done

test-conformance: install ## Run what others wrote to judge a GraphQL server, before the real demo (SUITE=audits: one suite)
	@for round in $(ROUNDS); do $(BIN)/python -m tests.conformance $(SUITE) || exit 1; done

test-install: ## Install and run the demo in fresh copies, for each Python and pip (FULL=1 or SIZE=closing: all of them)
	@PYTHON='$(PYTHON)' sh scripts/test-install $(if $(FULL)$(filter closing,$(SIZE)),--full)

truth: install ## Hold verdicts against what arrived, in random scenarios on a real Debezium (SCENARIOS=100 SEED=7)
	@$(BIN)/python -m tests.truth $(or $(SCENARIOS),0) $(SEED)

test-all: ## Run every tier, one after the other, whatever fails, and tell of each in a line
	@"$$(scripts/python)" -E -s -m scripts.tiers

check: check-format check-lint check-types check-layers check-schema check-files ## Run what CI runs besides the tests

check-format: install
	@$(BIN)/ruff format --check .

check-lint: install
	@$(BIN)/ruff check .

check-types: install
	@$(BIN)/mypy

check-layers: install
	@$(BIN)/lint-imports

check-schema: install
	@$(BIN)/topicsnap schema check --against schema/released.graphql --accepted schema/accepted-changes.txt

check-files: install
	@$(BIN)/pytest -q tests/packaging/test_repository.py

fmt: install ## Format, and mend what ruff can mend
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

lock: ## Write locks/ anew from pyproject.toml (UPGRADE=1: to the newest versions)
	@PYTHON='$(PYTHON)' sh scripts/lock $(if $(UPGRADE),--upgrade)

clean: ## Remove .venv, caches and what was built
	@rm -rf .venv .venv.lock .venv-downloads build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
	  .pytest_cache .ruff_cache .schemathesis gateway/_graphiql* graphiql/node_modules graphiql/dist tests/conformance/node_modules \
	  tests/e2e/federation/node_modules examples/frontends/node_modules examples/frontends/build \
	  examples/frontends/relay/__generated__
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
