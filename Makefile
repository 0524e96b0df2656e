# Every target works on a fresh machine: the first one that needs it makes .venv with pip and constraints.txt, and compiles the kernels
# anew where their sources have changed.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
KERNELS := CMakeLists.txt $(wildcard cpp/*.h cpp/*.cpp)

.PHONY: demo test check bench bench-layers sanitize neon clean

# Without build isolation the compiler's work in build/ stays valid from one run to the next.
$(READY): pyproject.toml constraints.txt $(KERNELS)
	$(PYTHON) -m venv $(VENV)
	$(PIP) scikit-build-core nanobind cmake ninja
	$(PIP) --no-build-isolation -e '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/gatewise compare builtin:digits --budget 150s --tune 2

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python benchmarks/calibration.py
	$(BIN)/python benchmarks/crash.py

bench-layers: $(READY)
	$(BIN)/python -m benchmarks.layers

# The kernels' own tests, without Python: $(call kernel_tests,folder,options)
define kernel_tests
	PATH="$(abspath $(BIN)):$$PATH" CMAKE_GENERATOR=Ninja cmake -S . -B build/$(1) $(2)
	PATH="$(abspath $(BIN)):$$PATH" cmake --build build/$(1)
	$(BIN)/ctest --test-dir build/$(1) --output-on-failure
endef
comma := ,

sanitize: $(READY)
	$(call kernel_tests,native)
	$(call kernel_tests,sanitize-address,-DGATEWISE_SANITIZE=address$(comma)undefined)
	$(call kernel_tests,sanitize-thread,-DGATEWISE_SANITIZE=thread -DGATEWISE_THREADS=std)

neon: $(READY)
	@command -v aarch64-linux-gnu-g++ >/dev/null && command -v qemu-aarch64 >/dev/null || \
	  { echo "make neon needs a cross-compiler and an emulator: apt install g++-aarch64-linux-gnu qemu-user" >&2; exit 1; }
	$(call kernel_tests,neon,--toolchain cpp/aarch64.cmake)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
