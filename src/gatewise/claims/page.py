"""The page of the claims: a table of all verdicts, then a section for each."""

from __future__ import annotations

from collections.abc import Sequence

from gatewise.claims.records import Claim, Outcome, Results, Verdict
from gatewise.claims.studies import all_studies
from gatewise.claims.text import effect_text, leading_effects, rerun_command, summary_sentence, verdict_title
from gatewise.report.blocks import Block, Bullets, Command, Section, Table
from gatewise.report.document import Document, Tone, render_document
from gatewise.report.numbers import duration
from gatewise.wording import counted

__all__ = ["claim_section", "overview_table", "render_claims"]

_TONES: dict[Verdict, Tone] = {"holds": "winner", "does not hold": "baseline", "depends": "equivalent", "not told": "undecided"}


def render_claims(results: Results) -> str:
    """Return the page as HTML without scripts, external files or links."""
    outcomes = results.outcomes
    holding = sum(outcome.judgement.verdict == "holds" for outcome in outcomes)
    document = Document(
        title="Rules of thumb, measured",
        subject="GRU or LSTM: rules of thumb, measured on this machine",
        badge=f"{holding} of {len(outcomes)} hold",
        tone=_TONES[outcomes[0].judgement.verdict] if len(outcomes) == 1 else "winner" if holding else "undecided",
        headline=summary_sentence(outcomes),
        facts=tuple(_facts(results)),
        sentences=tuple(_sentences(results)),
        sections=(_overview(outcomes), *(claim_section(outcome, results) for outcome in outcomes)),
        last_section=_reading(),
    )
    return render_document(document)


def overview_table(outcomes: Sequence[Outcome]) -> Table:
    """All claims: the rule, what was measured here, what the literature found."""
    rows = tuple(
        (
            f"{outcome.claim.number}. {outcome.claim.rule}",
            verdict_title(outcome.judgement.verdict),
            _leading_effect(outcome),
            outcome.claim.published,
        )
        for outcome in outcomes
    )
    return Table(("rule of thumb", "verdict here", "effect (95% interval)", "the literature"), rows, texts=True, stacked=True)


def claim_section(outcome: Outcome, results: Results) -> Section:
    """One claim: verdict, question, design, what was measured, what the literature found, how to measure it anew."""
    claim, judgement = outcome.claim, outcome.judgement
    study = next(study for study in all_studies() if study.claim.name == claim.name)
    return Section(
        claim.name,
        f"{claim.number}. {claim.title}",
        (
            f"Rule of thumb: {claim.rule}",
            f"{verdict_title(judgement.verdict)}. {judgement.sentence}",
            f"Question: {claim.question}",
            " ".join(claim.design),
        ),
        (*study.show(outcome.findings), _literature(claim), _rerun(outcome, results)),
    )


def _overview(outcomes: Sequence[Outcome]) -> Section:
    return Section("all-claims", "All claims", (), (overview_table(outcomes),))


def _leading_effect(outcome: Outcome) -> str:
    effects = leading_effects(outcome.judgement)
    return "; ".join(f"{effect.label}: {effect_text(effect)}" for effect in effects) or "none measured"


def _literature(claim: Claim) -> Block:
    items = (f"{item.statement} ({item.source}; {'verified' if item.verified else 'not verified'})" for item in claim.literature)
    return Bullets("What the literature found", tuple(items) or ("Nothing that measures it directly.",))


def _rerun(outcome: Outcome, results: Results) -> Block:
    folder = " FOLDER is where the public data sets lie." if results.public_data else ""
    took = f"It took {duration(outcome.seconds)} here."
    return Command(rerun_command(outcome.claim, results), f"To measure it again, in a folder of its own. {took}{folder}")


def _facts(results: Results) -> list[tuple[str, str, str]]:
    environment = results.environment
    taken = sum(outcome.seconds for outcome in results.outcomes)
    facts = [("Time taken", duration(taken), "quick: rough answers, fewer repetitions" if results.quick else "the full set")]
    if environment:
        facts.append(("Machine", counted(int(environment["usable_cores"]), "core"), str(environment["processor"])))
        facts.append(("PyTorch", str(environment["versions"]["torch"]), f"gatewise {environment['versions']['gatewise']}"))
    facts.append(("Data", "public sets" if results.public_data else "built-in sets", ""))
    return facts


def _sentences(results: Results) -> list[str]:
    sentences = ["Every verdict follows from the numbers measured here; on another machine or other data it may differ."]
    if results.quick:
        sentences.append("This was a quick run. Where it says that something cannot be told, the full set may tell it.")
    if results.device != "cpu":
        device = next(iter(results.environment.get("device", ())), results.device)
        sentences.append(
            f"Trainings, and epochs end to end, ran on {device}; single layers, other libraries, gradients and tasks with a "
            "known answer on the processor."
        )
    if not results.public_data:
        sentences.append("No folder of public data sets was given, so built-in data stand for them.")
    return sentences


def _reading() -> Section:
    return Section(
        "reading",
        "How to read this",
        (
            "Holds: the measurements support the rule. Does not hold: they contradict it, or show no such effect where it would "
            "have been seen. Depends: it holds in some of the settings and not in others. Cannot be told: the evidence does not "
            "suffice; that is not a no.",
            "Trainings are paired: in every replicate both cells have the same split, seed, order of data, initial embedding and "
            "head. Intervals of scores are corrected resampled t intervals, which count that the splits overlap (Nadeau and "
            "Bengio 2003). Times are measured in turn, cell beside cell, and compared as the median of paired ratios with an "
            "interval that assumes no distribution (Thompson 1936).",
            "A finding of the literature is marked as verified where its figure was read in the source or its data, else as not "
            "verified.",
        ),
    )
