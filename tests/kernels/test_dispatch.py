"""The compiled module: instruction sets, the threads it shares with torch, and its pool of memory."""

import ast
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch.utils.dlpack import from_dlpack

from gatewise import kernels
from gatewise.errors import OptionError

_compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

ROOT = Path(__file__).resolve().parents[2]
MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    selected = kernels.instruction_set()
    yield
    kernels.select_instruction_set(selected)
    _compiled.poison(False)


def run_python(code: str, **environment: str) -> str:
    """Standard output of `code` in a fresh interpreter, which must not outlive 60 seconds."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_fastest_set_is_first_and_the_portable_one_last() -> None:
    names = kernels.instruction_sets()
    assert names[-1] in {"baseline", "neon"}
    assert list(names) == [name for name in ("avx512_bf16", "avx512", "avx2", "baseline", "neon") if name in names]


def test_every_supported_set_can_be_selected() -> None:
    for name in kernels.instruction_sets():
        kernels.select_instruction_set(name)
        assert kernels.instruction_set() == name


def test_an_unknown_set_is_refused_and_changes_nothing() -> None:
    before = kernels.instruction_set()
    with pytest.raises(OptionError, match=rf"'abacus'.*expected one of: {kernels.instruction_sets()[0]}"):
        kernels.select_instruction_set("abacus")
    assert kernels.instruction_set() == before


def test_the_environment_selects_a_set() -> None:
    name = kernels.instruction_sets()[-1]
    code = "from gatewise import kernels; print(kernels.instruction_set())"
    assert run_python(code, GATEWISE_INSTRUCTION_SET=name) == name


def test_a_wrong_environment_is_named() -> None:
    code = """
from gatewise import errors, kernels
try:
    kernels.instruction_set()
except errors.OptionError as error:
    print(error)
"""
    message = run_python(code, GATEWISE_INSTRUCTION_SET="abacus")
    assert "GATEWISE_INSTRUCTION_SET" in message
    assert "'abacus'" in message
    assert kernels.instruction_sets()[0] in message


def test_importing_the_package_loads_neither_torch_nor_the_compiled_module() -> None:
    code = "import sys, gatewise.kernels; print('torch' in sys.modules, 'gatewise.kernels._compiled' in sys.modules)"
    assert run_python(code) == "False False"


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's /proc to see which libraries are mapped")
@pytest.mark.parametrize("order", ["import torch, gatewise.kernels._compiled", "import gatewise.kernels._compiled, torch"])
def test_the_process_holds_one_openmp_runtime(order: str) -> None:
    code = f"""
{order}
from pathlib import Path
compiled = gatewise.kernels._compiled
assert compiled.team_size(2) == 2
torch.set_num_threads(2)
torch.ones(1000, 1000).sum()
libraries = {{line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "omp" in line.split()[-1]}}
print(compiled.team_runtime(), len([name for name in libraries if "libgomp" in name or "libomp" in name or "libiomp" in name]))
"""
    assert run_python(code) == "openmp 1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_working_threads_whoever_used_them_before() -> None:
    code = """
import os, signal, torch
from gatewise.kernels import _compiled as compiled

def sizes_in_child():
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(100 * compiled.team_size(1) + 10 * compiled.team_size(2) + compiled.team_size(3))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

print(sizes_in_child())
torch.set_num_threads(2)
torch.ones(1000, 1000).sum()
print(sizes_in_child())
compiled.team_size(2)
print(sizes_in_child())
print(compiled.team_runtime(), compiled.team_size(2))
"""
    runtime = _compiled.team_runtime()
    assert run_python(code).splitlines() == ["123", "123", "123", f"{runtime} 2"]


def test_a_workspace_is_a_tensor_whose_memory_is_reused() -> None:
    _compiled.release_workspace()
    tensor = from_dlpack(_compiled.workspace_tensor(3 * MEBIBYTE))
    assert (tensor.dtype, tuple(tensor.shape), tensor.device.type) == (torch.uint8, (3 * MEBIBYTE,), "cpu")
    address = tensor.data_ptr()
    assert address % 64 == 0
    in_use, idle = _compiled.workspace_bytes()
    assert in_use >= 3 * MEBIBYTE
    view = tensor[5:]
    del tensor
    assert _compiled.workspace_bytes() == (in_use, idle), "a view keeps the memory"
    del view
    assert _compiled.workspace_bytes() == (0, idle + in_use)
    assert from_dlpack(_compiled.workspace_tensor(3 * MEBIBYTE - 100)).data_ptr() == address
    _compiled.release_workspace()
    assert _compiled.workspace_bytes() == (0, 0)


def test_an_empty_workspace() -> None:
    assert from_dlpack(_compiled.workspace_tensor(0)).numel() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_poisoned_memory_is_nan(dtype: torch.dtype) -> None:
    from_dlpack(_compiled.workspace_tensor(8000)).zero_()
    _compiled.poison(True)
    assert from_dlpack(_compiled.workspace_tensor(8000)).view(dtype).isnan().all()


def test_the_environment_poisons_memory_and_bounds_what_is_idle() -> None:
    code = """
import torch
from gatewise.kernels import _compiled as compiled
blocks = [torch.from_dlpack(compiled.workspace_tensor(1000 * size)) for size in range(1, 100)]
print(all(block[:1000].view(torch.float64).isnan().all() for block in blocks))
del blocks
print(compiled.workspace_bytes()[1] <= 100_000)
"""
    assert run_python(code, GATEWISE_POISON="1", GATEWISE_WORKSPACE_BYTES="100000").split() == ["True", "True"]


@pytest.mark.parametrize(("name", "value"), [("GATEWISE_WORKSPACE_BYTES", "1G"), ("GATEWISE_POISON", "yes")])
def test_a_wrong_environment_of_the_workspace_is_named(name: str, value: str) -> None:
    code = """
from gatewise.kernels import _compiled as compiled
try:
    compiled.workspace_tensor(10)
except ValueError as error:
    print(error)
"""
    message = run_python(code, **{name: value})
    assert name in message
    assert f"'{value}'" in message


def test_threads_never_share_a_block() -> None:
    wrong: list[int] = []

    def work(own: int) -> None:
        for turn in range(200):
            tensor = from_dlpack(_compiled.workspace_tensor(5000 + turn))
            tensor.fill_(own)
            if not (tensor == own).all():
                wrong.append(own)

    threads = [threading.Thread(target=work, args=(own,)) for own in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_type_stub_names_what_the_module_has() -> None:
    stub = ast.parse((ROOT / "src" / "gatewise" / "kernels" / "_compiled.pyi").read_text(encoding="utf-8"))
    declared = {node.name for node in stub.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert {name for name in declared if name[0] != "_"} == {name for name in dir(_compiled) if name[0] != "_"}
