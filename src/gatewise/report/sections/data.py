"""The data as the run found them."""

from gatewise.records import Comparison, Verdict
from gatewise.report.blocks import Block, Bullets, Section, Table
from gatewise.report.numbers import count, percent, significant

__all__ = ["data_section"]

MOST_CLASSES = 20


def data_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the data's profile, what was inferred about it, and warnings the page's head does not hold."""
    profile = comparison.profile
    unit = "tokens" if profile.kind == "text" else "steps"
    lengths = (profile.length_min, profile.length_median, profile.length_p95, profile.length_max)
    lines = [
        ("Name", profile.name),
        ("Kind", "texts" if profile.kind == "text" else "time series"),
        ("Rows", count(profile.rows)),
        ("Classes", count(len(profile.classes))),
        (f"Length in {unit}: shortest · median · 95% · longest", " · ".join(f"{length:,.10g}" for length in lengths)),
        ("Rows that repeat another", count(profile.repeated_rows)),
        ("Training rows of each pair", count(comparison.train_rows)),
        ("Test rows of each pair", count(comparison.test_rows)),
        (
            "Test part",
            "drawn anew for every pair" if profile.fixed_test_rows is None else "the source's own, the same for every pair",
        ),
        ("Fingerprint", profile.fingerprint),
    ]
    if profile.kind == "series":
        lines.insert(4, ("Channels", count(profile.channels)))
    blocks: list[Block] = [Table(("Property", "Value"), tuple(lines), words=True), _classes(comparison)]
    if profile.inferred:
        blocks.append(Bullets("Inferred from the source", profile.inferred))
    further = [warning for warning in (*comparison.warnings, *profile.warnings) if warning not in verdict.warnings]
    if further:
        blocks.append(Bullets("Warnings about the data", tuple(dict.fromkeys(further))))
    return Section("data", "The data", (), blocks)


def _classes(comparison: Comparison) -> Table:
    profile = comparison.profile
    ranked = sorted(profile.classes.items(), key=lambda item: -item[1])
    rows = tuple(
        (name, count(held), percent(held / profile.rows if profile.rows else 0.0)) for name, held in ranked[:MOST_CLASSES]
    )
    left = len(ranked) - len(rows)
    note = f"And {significant(left)} smaller classes." if left else ""
    return Table(("Class", "Rows", "Share"), rows, caption="Classes", note=note)
