"""A report on the terminal, in 80 columns."""

from __future__ import annotations

import rich.table
from benchmarks.layers.results import Report
from benchmarks.layers.tables import Table, tables
from rich import box
from rich.console import Console

__all__ = ["rich_table", "show"]


def show(report: Report, console: Console) -> None:
    """Print the versions and every table."""
    for run in report.runs[:1]:
        console.print(f"{run.machine['processor']}; " + "; ".join(f"{name} {state}" for name, state in run.libraries.items()))
        peak = "not measured" if run.fma_peak is None else f"{run.fma_peak:.0f} GFLOP/s a thread"
        console.print(f"FMA peak: {peak}")
    for table in tables(report):
        console.print()
        console.print(table.title, style="bold")
        console.print(rich_table(table))
        if table.note:
            console.print(table.note, style="dim")


def rich_table(table: Table) -> rich.table.Table:
    """Lay a table out for the terminal."""
    drawn = rich.table.Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for number, name in enumerate(table.header):
        drawn.add_column(name, justify="left" if number == 0 else "right", no_wrap=number > 0)
    for cells in table.rows:
        drawn.add_row(*cells)
    return drawn
