# `make chat` opens the demo shop, `make test` runs the tests; both set everything up first, once.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 7860

.PHONY: chat test test-all lint setup bench clean

chat: setup
	$(BIN)/daogou demo --port $(PORT)

test: setup lint
	$(BIN)/pytest -n 2 -m "not slow"

test-all: setup lint
	$(BIN)/pytest -n 2

lint: setup
	$(BIN)/ruff check --no-cache assistant retrieval training ui tests
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/daogou bench

setup:
	@$(PYTHON) .ci/setup.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
