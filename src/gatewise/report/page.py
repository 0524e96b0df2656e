"""The report: one self-contained HTML page that asks nothing of any network."""

from collections.abc import Mapping
from pathlib import Path

from gatewise.records import FEWEST_TELLING_REPLICATES, Comparison, Difference, Verdict
from gatewise.report.blocks import Section
from gatewise.report.document import Document, Tone, render_document
from gatewise.report.metric_text import UNKNOWN, MetricText
from gatewise.report.numbers import count, duration
from gatewise.report.sections.constraints import constraints_section
from gatewise.report.sections.costs import costs_section
from gatewise.report.sections.data import data_section, subject_of
from gatewise.report.sections.devices import devices_section
from gatewise.report.sections.difference import difference_section
from gatewise.report.sections.follow_up import follow_up_section
from gatewise.report.sections.learning_curve import learning_curve_section
from gatewise.report.sections.mistakes import mistakes_section
from gatewise.report.sections.recipe import recipe_section
from gatewise.report.sections.reproduce import reproduce_section
from gatewise.report.sections.scores import lengths_section, scores_section
from gatewise.report.sections.shipping import shipping_section
from gatewise.report.sections.training import curves_section, time_section, tuning_section
from gatewise.report.summaries import arms_left, leading_baseline
from gatewise.tasks import in_time
from gatewise.titles import Titles
from gatewise.wording import probability

__all__ = ["render_page"]

_TONES: Mapping[str, Tone] = {"equivalent": "equivalent", "undecided": "undecided", "baseline": "baseline"}


def render_page(comparison: Comparison, verdict: Verdict, run: Path | None = None) -> str:
    """Return the report as one HTML page without scripts, external files or links, for any screen and for print.

    run: the run's folder, for the lines that say what to do next.
    """
    profile = comparison.profile
    say = MetricText.of(comparison)
    badge = _badge(comparison, verdict)
    # A baseline that leads has a sentence of its own in the headline.
    headline, stop, beside = (verdict.explanation[0] if verdict.explanation else badge).partition(". ")
    document = Document(
        title=f"{' or '.join(dict.fromkeys(say.title(arm.cell) for arm in comparison.arms))} on {profile.name}",
        subject=subject_of(profile),
        badge=badge,
        tone=_TONES.get(verdict.decision, "winner"),
        beside_badge=(
            ("Provisionally" if verdict.decision == "undecided" else "Recommended", say.title(verdict.recommended))
            if verdict.replicates
            else None
        ),
        headline=f"{headline}." if stop else headline,
        beside=beside,
        sentences=tuple(verdict.explanation[1:]),
        facts=tuple(_facts(verdict, say)),
        last_section=follow_up_section(comparison, verdict, run),
        warnings=tuple(verdict.warnings),
        sections=tuple(_sections(comparison, verdict)),
    )
    return render_document(
        document,
        "report.html.j2",
        band=say.band(),
        of_baseline=_relative_to(comparison, say),
        dependent_rows=_dependent_rows(comparison),
        metric=say.label,
        higher_is_better=say.metric.higher_is_better,
        adaptive=comparison.config.replicates is None,
        several=len(comparison.arms) > 2,
        one_size=len({arm.hidden_size for arm in comparison.arms}) == 1,
        fixed_test=profile.fixed_test_rows is not None,
        forecast=in_time(profile.task),
        calibrated=comparison.mistakes is not None and comparison.mistakes.classes is not None,
        train_rows=count(comparison.train_rows - comparison.validation_rows),
        validation_rows=count(comparison.validation_rows),
        test_rows=count(comparison.test_rows),
    )


def _sections(comparison: Comparison, verdict: Verdict) -> list[Section]:
    """The sections in their order; those that do not apply to the run are left out."""
    made = (
        difference_section(comparison, verdict),
        scores_section(comparison, verdict),
        constraints_section(comparison, verdict),
        costs_section(comparison, verdict),
        devices_section(comparison, verdict),
        shipping_section(comparison, verdict),
        learning_curve_section(comparison, verdict),
        curves_section(comparison, verdict),
        lengths_section(comparison, verdict),
        mistakes_section(comparison, verdict),
        recipe_section(comparison, verdict),
        tuning_section(comparison, verdict),
        time_section(comparison, verdict),
        data_section(comparison, verdict),
        reproduce_section(comparison, verdict),
    )
    return [section for section in made if section is not None]


def _badge(comparison: Comparison, verdict: Verdict) -> str:
    title = Titles(comparison.arms)
    left = arms_left(comparison, verdict)
    if verdict.decision == "baseline" and not left:
        return "No cell meets the constraints"
    if verdict.decision in left and len(left) == 1:
        return f"Only the {title(left[0])} meets the constraints"
    fixed = {"equivalent": "Practically equal", "undecided": "Undecided", "baseline": "A baseline wins"}
    return fixed.get(verdict.decision, f"{title(verdict.decision)} is better")


def _relative_to(comparison: Comparison, say: MetricText) -> str:
    """What of the best baseline the margin was taken from; "" where it was given, or is the metric's own."""
    margin = comparison.config.margin
    if isinstance(margin, (int, float)) or (say.metric.in_percent and margin is not None):
        return ""
    if say.metric.margin is not None and margin is None:
        return "a quarter of what the best baseline lacks of 100%" if say.margin < say.metric.margin else ""
    return f"{margin or '2%'} of what the best baseline has"


def _dependent_rows(comparison: Comparison) -> str:
    """How the rows of a fixed test part depend on each other, and what that means for the interval."""
    if not comparison.dependence.blocks:
        return ""
    if comparison.dependence.in_time:
        return (
            "They are windows that follow each other and are alike: their variance is that of a series, taken from its slowest "
            "components (Lazarus et al. 2018)."
        )
    return "Rows of one group are alike, so their variance is that of groups (a jackknife over them)."


def _facts(verdict: Verdict, say: MetricText) -> list[tuple[str, str, str]]:
    """Return (label, value, remark) of the few numbers that stand under the headline."""
    facts = []
    difference = verdict.difference
    if difference is not None:
        facts += [_lead(difference, say), _probability(difference, say)]
    baseline = leading_baseline(verdict)
    if baseline is not None:
        facts.append(_lead(baseline, say))
    if verdict.recommended in verdict.scores:
        score = verdict.scores[verdict.recommended]
        spread = f", ± {say.size(score.sd, unit=False)}" if score.n > 1 else ""
        remark = f"{say.title(verdict.recommended)}{spread}{say.direction}"
        if verdict.shipped is not None and verdict.shipped.test_score is not None:
            remark += f"; the shipped model itself {say.value(verdict.shipped.test_score)}"
        facts.append((f"Test {say.label}", say.value(score.mean), remark))
    if verdict.excluded:
        reasons = "; ".join(verdict.excluded.values())
        facts.append(("Excluded by the constraints", ", ".join(map(say.title, verdict.excluded)), reasons))
    of_budget = "no time limit" if verdict.budget_s is None else f"of {duration(verdict.budget_s)}"
    facts.append(("Replicates", count(verdict.replicates), f"in {duration(verdict.elapsed_s)}, {of_budget}"))
    return facts


def _lead(difference: Difference, say: MetricText) -> tuple[str, str, str]:
    first, second = say.title(difference.first), say.title(difference.second)
    return f"{first} leads by", say.size(difference.mean), f"over {second}; 95%: {say.interval(difference)}"


def _probability(difference: Difference, say: MetricText) -> tuple[str, str, str]:
    if not difference.is_known:
        return "Probability", UNKNOWN, f"it takes {FEWEST_TELLING_REPLICATES} replicates"
    outcomes = {
        f"{say.title(difference.first)} is better": difference.p_first,
        "they are practically equal": difference.p_equivalent,
        f"{say.title(difference.second)} is better": difference.p_second,
    }
    likeliest = max(outcomes, key=lambda outcome: outcomes[outcome])
    return "Probability", probability(outcomes[likeliest]), f"that {likeliest}"
