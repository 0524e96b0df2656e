"""The report: one self-contained HTML page that asks nothing of any network."""

import jinja2
from markupsafe import Markup

from gatewise.names import display_name
from gatewise.records import Comparison, Verdict
from gatewise.report.numbers import count, duration, interval, percent, points, probability
from gatewise.report.sections.costs import costs_section
from gatewise.report.sections.data import data_section
from gatewise.report.sections.difference import difference_section
from gatewise.report.sections.reproduce import reproduce_section
from gatewise.report.sections.scores import lengths_section, scores_section
from gatewise.report.sections.training import curves_section, time_section, tuning_section

__all__ = ["render_page"]

SECTIONS = (
    difference_section,
    costs_section,
    scores_section,
    curves_section,
    lengths_section,
    tuning_section,
    time_section,
    data_section,
    reproduce_section,
)


def render_page(comparison: Comparison, verdict: Verdict) -> str:
    """Return the report as one HTML page without scripts, external files or links, for any screen and for print."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gatewise.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = Markup
    profile = comparison.profile
    return environment.get_template("report.html.j2").render(
        title=f"{' or '.join(dict.fromkeys(display_name(arm.name) for arm in comparison.arms))} on {profile.name}",
        subject=f"{profile.name} · {count(profile.rows)} {'texts' if profile.kind == 'text' else 'series'} · "
        f"{count(len(profile.classes))} classes",
        badge=_badge(verdict),
        decision=verdict.decision,
        recommended=display_name(verdict.recommended) if verdict.pairs else "",
        headline=verdict.explanation[0] if verdict.explanation else _badge(verdict),
        sentences=verdict.explanation[1:],
        facts=_facts(verdict),
        warnings=verdict.warnings,
        sections=[section(comparison, verdict) for section in SECTIONS],
        margin=f"{100 * verdict.margin:.3g}",
        adaptive=comparison.config.pairs is None,
        several=len(comparison.arms) > 2,
        fixed_test=profile.fixed_test_rows is not None,
        train_rows=count(comparison.train_rows),
        test_rows=count(comparison.test_rows),
    )


def _badge(verdict: Verdict) -> str:
    fixed = {"equivalent": "Practically equal", "undecided": "Undecided", "baseline": "A baseline wins"}
    return fixed.get(verdict.decision, f"{display_name(verdict.decision)} is better")


def _facts(verdict: Verdict) -> list[tuple[str, str, str]]:
    """Return (label, value, remark) of the few numbers that stand under the headline."""
    facts = []
    difference = verdict.difference
    if difference is not None:
        first, second = display_name(difference.first), display_name(difference.second)
        outcomes = {
            f"{first} is better": difference.p_first,
            "they are practically equal": difference.p_equivalent,
            f"{second} is better": difference.p_second,
        }
        likeliest = max(outcomes, key=lambda outcome: outcomes[outcome])
        facts.append((f"{first} minus {second}", points(difference.mean), f"95%: {interval(difference.ci95)}"))
        facts.append(("Probability", probability(outcomes[likeliest]), f"that {likeliest}"))
    if verdict.recommended in verdict.scores:
        score = verdict.scores[verdict.recommended]
        facts.append(
            (f"Test {verdict.metric}", percent(score.mean), f"{display_name(verdict.recommended)}, ± {100 * score.sd:.1f}")
        )
    of_budget = "no time limit" if verdict.budget_s is None else f"of {duration(verdict.budget_s)}"
    facts.append(("Pairs", count(verdict.pairs), f"in {duration(verdict.elapsed_s)}, {of_budget}"))
    return facts
