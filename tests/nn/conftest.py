"""Both ways through the layers: as installed, and with the reference equations standing in for the compiled kernel."""

import pytest

from gatewise.kernels import equations, ops


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference equations in the kernel's place, so that the layers' own work is tested where no kernel is built."""
    monkeypatch.setattr(ops, "reason", lambda *_: "")
    monkeypatch.setattr(ops, "recurrent", equations.recurrent, raising=False)
    monkeypatch.setattr(ops, "instruction_set", lambda: "stand-in", raising=False)


@pytest.fixture(params=["as installed", "stand-in"])
def kernel(request: pytest.FixtureRequest) -> str:
    """Runs a test on both."""
    if request.param == "stand-in":
        request.getfixturevalue("stand_in")
    name: str = request.param
    return name
