# The front door: `make demo`, `make test`, `make check`, `make sweep` (the long tests), `make bench`.
# The environment is made here: by uv where it is installed, else by venv and pip.
VENV ?= .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.ready
UV := $(shell command -v uv 2>/dev/null)

.PHONY: demo test check sweep bench clean
.DEFAULT_GOAL := demo

$(STAMP): pyproject.toml uv.lock
ifneq ($(UV),)
	UV_PROJECT_ENVIRONMENT=$(VENV) uv sync --frozen --group dev --compile-bytecode
else
	test -x $(PY) || python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	UV_PROJECT_ENVIRONMENT=$(VENV) $(PY) -m uv sync --frozen --group dev --inexact --compile-bytecode
endif
	$(PY) -m compileall -q src
	touch $@

demo: $(STAMP)
	@mkdir -p out
	@$(PY) -m detente report stockholm-2019 -o out/stockholm-2019.html
	@echo "The report: out/stockholm-2019.html"

test: $(STAMP)
	$(PY) -m pytest -n 2 --dist worksteal -m "not slow" --ignore=tests/test_docs.py

check: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m pytest -q tests/test_docs.py

sweep: $(STAMP)
	$(PY) -m pytest -n 2 --dist load -m slow

bench: $(STAMP)
	$(PY) -m benchmarks

clean:
	rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
