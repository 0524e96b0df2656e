# Every target works on a fresh machine with make and a Python from 3.11 to 3.14: the first one that needs it makes .venv, with the
# versions of the locks, and compiles the kernels anew where their sources have changed. PYTHON=... names the Python to make it with.
PYTHON ?=
BUDGET ?= 150s
BIN := .venv/bin
CPP := $(wildcard cpp/*.h cpp/*.cpp cpp/tests/*.h cpp/tests/*.cpp)
export PYTHON

.PHONY: demo test test-oldest test-upstream test-libraries check wheel wheel-without-kernels lock signature wrap bench bench-layers bench-verdict sanitize neon clean \
  ready-demo ready-test ready-oldest ready-libraries

ready-demo ready-test ready-oldest ready-libraries: ready-%:
	@sh scripts/environment.sh $*

demo: ready-demo
	$(BIN)/gatewise compare builtin:digits --budget $(BUDGET) --tune 2

test: ready-test
	GATEWISE_LOCK=constraints.txt $(BIN)/python -m pytest

# The lower ends of pyproject.toml's ranges, in an environment of their own, for the oldest Python.
test-oldest: PYTHON := $(or $(PYTHON),python3.11)
test-oldest: ready-oldest
	GATEWISE_LOCK=requirements/oldest.txt .venv-oldest/bin/python -m pytest

# PyTorch's tests of its recurrent layers, with gatewise's classes under their names: the outcomes are those of docs/upstream.md.
# TORCH_SOURCE=FOLDER adds the test files of a source archive of PyTorch, WRITE=1 writes docs/upstream.md.
test-upstream: ready-test
	$(BIN)/python tests/upstream/run.py $(if $(TORCH_SOURCE),--source $(abspath $(TORCH_SOURCE))) $(if $(WRITE),--write)

# Other people's libraries, each trained with gatewise's layers beside PyTorch's, in an environment of their own.
test-libraries: ready-libraries
	.venv-libraries/bin/python -m pytest -q -o addopts= -o filterwarnings= tests/libraries

check: ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror $(CPP)
	$(BIN)/mypy
	$(BIN)/lint-imports

# A wheel and a source archive in dist/, each installed into an empty environment and tried there.
wheel:
	@python=$$(sh scripts/find_python.sh) && exec "$$python" scripts/wheel.py

# One for every machine, without kernels.
wheel-without-kernels:
	@python=$$(sh scripts/find_python.sh) && exec "$$python" scripts/wheel.py --without-kernels

# src/gatewise/study/compare.py anew from the options declared in src/gatewise/options/config.py.
signature: ready-test
	$(BIN)/python scripts/signature.py

# Markdown files whose lines grew too long.
wrap:
	@python=$$(sh scripts/find_python.sh) && exec "$$python" scripts/wrap_markdown.py

# Newest versions into constraints.txt and requirements/: on purpose, and then the tests.
lock:
	@python=$$(sh scripts/find_python.sh) && exec "$$python" scripts/lock.py

bench: ready-test
	$(BIN)/python -m benchmarks.calibration
	$(BIN)/python benchmarks/crash.py
	$(BIN)/python -m benchmarks.faults --only worker,hang,driver,memory,nan,journal,ray-worker,ray-node,ray-hang
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.loader_fuzz --inputs 100000
	$(BIN)/python -m benchmarks.store_fuzz --inputs 20000
	$(BIN)/python -m benchmarks.larger_than_memory --rows 200000,1000000

bench-layers: ready-test
	$(BIN)/python -m benchmarks.layers

# The kernels' own tests, without Python: $(call kernel_tests,folder,options)
define kernel_tests
	PATH="$(abspath $(BIN)):$$PATH" CMAKE_GENERATOR=Ninja cmake -S . -B build/$(1) $(2)
	PATH="$(abspath $(BIN)):$$PATH" cmake --build build/$(1)
	$(BIN)/ctest --test-dir build/$(1) --output-on-failure
endef
comma := ,

# DATA=FOLDER of public data sets; BEFORE=CHECKOUT compares with another version.
bench-verdict: ready-test
	$(BIN)/python -m benchmarks.verdict $(DATA) --plain $(if $(BEFORE),--before $(BEFORE))

sanitize: ready-test
	$(call kernel_tests,native)
	$(call kernel_tests,sanitize-address,-DGATEWISE_SANITIZE=address$(comma)undefined)
	$(call kernel_tests,sanitize-thread,-DGATEWISE_SANITIZE=thread -DGATEWISE_THREADS=std)

neon: ready-test
	@command -v aarch64-linux-gnu-g++ >/dev/null && command -v qemu-aarch64 >/dev/null || \
	  { echo "make neon needs a cross-compiler and an emulator: apt install g++-aarch64-linux-gnu qemu-user" >&2; exit 1; }
	$(call kernel_tests,neon,--toolchain cpp/aarch64.cmake)

clean:
	rm -rf .venv .venv-oldest .venv-libraries build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
