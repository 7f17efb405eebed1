# The front door: `make demo`, `make test`, `make check`; `make sweep` (the long tests), `make bench`, `make docs`, `make release`.
# The environment is made here: by uv where it is installed, else by venv and pip.
VENV ?= .venv
PY := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
SYNC := $(PY) -m uv sync
else
SYNC := $(UV) sync
endif

.PHONY: demo test check sweep bench docs release clean
.DEFAULT_GOAL := demo

# What detente needs to run, and beside it what its tests need.
$(VENV)/.run: pyproject.toml uv.lock
ifeq ($(UV),)
	test -x $(PY) || python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check uv
endif
	UV_PROJECT_ENVIRONMENT=$(VENV) $(SYNC) --frozen --no-dev --inexact --compile-bytecode
	$(PY) -m compileall -q src
	touch $@

$(VENV)/.dev: $(VENV)/.run
	UV_PROJECT_ENVIRONMENT=$(VENV) $(SYNC) --frozen --group dev --inexact --compile-bytecode
	touch $@

demo: $(VENV)/.run
	@mkdir -p out
	@$(PY) -m detente report stockholm-2019 -o out/stockholm-2019.html
	@echo "The report: out/stockholm-2019.html"

test: $(VENV)/.dev
	$(PY) -m pytest -n 2 --dist worksteal -m "not slow" --ignore=tests/test_docs.py

check: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m pytest -q tests/test_docs.py

sweep: $(VENV)/.dev
	$(PY) -m pytest -n 2 --dist load -m slow

# The benchmarks compare with NegMAS and Gambit: the extra `peers`.
$(VENV)/.peers: $(VENV)/.dev
	UV_PROJECT_ENVIRONMENT=$(VENV) $(SYNC) --frozen --group dev --extra peers --inexact --compile-bytecode
	touch $@

bench: $(VENV)/.peers
	$(PY) -m benchmarks

docs: $(VENV)/.dev
	$(PY) -m tools.reference
	$(PY) -m tools.gallery
	$(VENV)/bin/zensical build --strict --clean

release: $(VENV)/.dev
	$(PY) -m tools.release

clean:
	rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src -name '*.nb[ic]' -delete
