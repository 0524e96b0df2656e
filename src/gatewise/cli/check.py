"""`gatewise check`."""

from __future__ import annotations

from gatewise.cli.app import app

__all__ = ["check"]


@app.command()
def check() -> None:
    """Show the environment, and which kernels the cells run on."""
    from rich.console import Console
    from rich.table import Table

    from gatewise.kernels import REMEDY
    from gatewise.study.environment import describe_environment

    environment = describe_environment()
    table = Table(show_header=False, box=None)
    for name, value in environment.items():
        for key, item in value.items() if isinstance(value, dict) else [("", value)]:
            table.add_row(f"{name} {key}".strip().replace("_", " "), str(item))
    Console().print(table)
    missing = environment["compiled_kernels"].get("missing")
    if missing:
        print(f"gatewise has no compiled kernels ({missing}): cells run on PyTorch's layers or on plain equations; {REMEDY}.")
