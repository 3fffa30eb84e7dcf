# Needs a Python 3.11 to 3.14, make and git; everything else goes into .venv.
# PYTHON=/path/to/python chooses the interpreter, PORT=9000 the demo's port.

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install install-demo demo graphiql test test-faults test-conformance test-clients test-install truth check \
  check-format check-lint check-types check-layers check-schema check-files fmt lock clean

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

test: install ## Run every test but those of `test-faults`, with the coverage gate
	@$(BIN)/pytest --cov --ignore=tests/faults

test-faults: install ## Kill, freeze and cut what Topicsnap stands on, and Topicsnap; prints what was counted
	@$(BIN)/pytest tests/faults -rP

test-conformance: install ## Run what others wrote to judge a GraphQL server, before the real demo (SUITE=audits: one suite)
	@$(BIN)/python -m tests.conformance $(SUITE)

test-install: ## Install and run the demo in fresh copies, for each Python and pip (FULL=1: all of them)
	@PYTHON='$(PYTHON)' sh scripts/test-install $(if $(FULL),--full)

truth: install ## Hold verdicts against what arrived, in random scenarios on a real Debezium (SCENARIOS=100 SEED=7)
	@$(BIN)/python -m tests.truth $(or $(SCENARIOS),20) $(SEED)

test-clients: install ## Run the npm clients of subscriptions against a served gateway (part of `test`)
	@$(BIN)/pytest tests/e2e/clients

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
