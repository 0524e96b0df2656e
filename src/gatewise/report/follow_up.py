"""What a person does next with a run, as lines to copy: go on where it is undecided, use the model where there is one."""

import json
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from gatewise.comparison.outlook import budget_to_decide, replicates_to_decide
from gatewise.options.command import duration_words
from gatewise.records import Comparison, Verdict
from gatewise.report.sections.reproduce import as_it_was, command_line
from gatewise.titles import Titles
from gatewise.wording import counted

__all__ = ["Step", "follow_up"]


@dataclass(frozen=True)
class Step:
    """A sentence, and the line that does it."""

    sentence: str
    line: str


def follow_up(comparison: Comparison, verdict: Verdict, run: Path) -> tuple[Step, ...]:
    """Return the next steps, the likeliest first; run: the run's folder as the user wrote it."""
    return (*_going_on(comparison, verdict, run), *_using(verdict, run))


def _going_on(comparison: Comparison, verdict: Verdict, run: Path) -> tuple[Step, ...]:
    if comparison.stopped in ("interrupted", "running"):
        return (Step("It was cut short, and goes on where it ended:", _resume(comparison, run)),)
    further = replicates_to_decide(verdict, adaptive=comparison.config.replicates is None)
    if further is None:
        return ()
    sentence = f"About {counted(further, 'further replicate')} would probably decide:"
    if comparison.config.replicates is not None:
        asked = as_it_was(comparison)
        return (Step(sentence, command_line(replace(asked, replicates=verdict.replicates + further))),)
    budget = budget_to_decide(comparison, verdict)
    return () if budget is None else (Step(sentence, _resume(comparison, run, duration_words(budget))),)


def _using(verdict: Verdict, run: Path) -> tuple[Step, ...]:
    if not verdict.replicates or verdict.stopped in ("interrupted", "running"):
        return ()
    what = "what is best so far" if verdict.decision == "undecided" else "what is recommended"
    model = Titles(verdict.arms)(verdict.recommended)
    return (
        Step(f"To predict with {what}, the {model}:", f"gatewise predict {shlex.quote(str(run))} NEW_FILE"),
        Step("The same in Python:", f"model = gatewise.open_run({json.dumps(str(run), ensure_ascii=False)}).model"),
    )


def _resume(comparison: Comparison, run: Path, budget: str = "") -> str:
    """The line that goes on; data that came from Python or a pipe is given again in Python."""
    if comparison.config.source.startswith("<") or comparison.config.source == "-":
        more = f', budget="{budget}"' if budget else ""
        return f"gatewise.resume({json.dumps(str(run), ensure_ascii=False)}, data=data{more})"
    return f"gatewise resume {shlex.quote(str(run))}{f' --budget {budget}' if budget else ''}"
