"""Advice in the terminal, in 80 columns or fewer."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gatewise.advice.questions import Question
from gatewise.advice.recommend import Recommendation
from gatewise.advice.scoring import Score
from gatewise.report.numbers import MINUS, rough_duration
from gatewise.report.plain_text import plain_text
from gatewise.wording import counted, probability

__all__ = ["RULES", "advice_view", "score_view"]

BAR_WIDTH = 20
# What the rules of `scoring.py` are called.
RULES = {"advice": "the advice", "first": "always the GRU", "length": "GRU below 100 steps, LSTM above"}
INDENT = 2


def advice_view(advice: Recommendation, *, explain: bool = False) -> RenderableType:
    """What to begin with, how sure that is, what decides it, and the answers to the questions; explain: with every quantity."""
    parts: list[RenderableType] = [
        Text(),
        plain_text(_plain(advice.headline), "bold yellow" if advice.weaker else "bold green"),
        Text(),
    ]
    if advice.weaker:
        parts += [plain_text("From recorded outcomes alone: nothing of your data was measured.", "yellow"), Text()]
    parts += [_ranking(advice), Text(), *(_bullet(reason) for reason in advice.reasons)]
    for question in advice.questions:
        parts += [Text(), *_question(question, explain=explain)]
    parts += [Text(), plain_text("What would change it", "bold"), *(_bullet(change) for change in advice.changes)]
    if explain and advice.nearest:
        parts += [Text(), plain_text("The recorded studies that are most alike", "bold"), _neighbours(advice)]
    parts += [Text(), plain_text(_settling(advice), "bold"), _command(advice.command)]
    return Group(*parts)


def _ranking(advice: Recommendation) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for likely in advice.ranked:
        filled = round(BAR_WIDTH * likely.probability)
        table.add_row(
            Text(probability(likely.probability)),
            Text("█" * filled + "░" * (BAR_WIDTH - filled), "green" if likely.answer == advice.answer else "dim"),
            plain_text(likely.words),
        )
    return table


def _question(question: Question, *, explain: bool) -> list[RenderableType]:
    lines: list[RenderableType] = [plain_text(question.heading, "bold")]
    lines += [Padding(plain_text(_plain(" ".join(question.answer))), (0, 0, 0, INDENT))]
    if explain and question.quantities:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", ratio=1)
        table.add_column(ratio=1)
        for label, text in question.quantities:
            table.add_row(plain_text(label), plain_text(_plain(text)))
        lines.append(Padding(table, (0, 0, 0, INDENT)))
    return lines


def _neighbours(advice: Recommendation) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("likeness", justify="right")
    table.add_column("came out")
    table.add_column("data")
    for one in advice.nearest:
        table.add_row(f"{one.likeness:.2f}", plain_text(one.decision), plain_text(one.name))
    return Padding(table, (0, 0, 0, INDENT))


def _settling(advice: Recommendation) -> str:
    if advice.weaker:
        return "With some data:"
    if advice.settles_s is None:
        return "No comparison of a day would probably settle it; this one narrows it:"
    return f"What settles it, in about {rough_duration(advice.settles_s)}:"


def _command(command: str) -> RenderableType:
    line = plain_text(f"  {command}")
    # A command is copied whole.
    line.no_wrap, line.overflow = True, "ignore"
    return line


def _bullet(sentence: str) -> RenderableType:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_row("·", plain_text(_plain(sentence)))
    return table


def _plain(text: str) -> str:
    """Output that is redirected may go to an encoding without the typographic minus."""
    return text.replace(MINUS, "-")


def score_view(score: Score) -> RenderableType:
    """How good the advice was on data that it had not seen, beside two rules of thumb, and whether its probabilities hold."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("rule")
    table.add_column("right where decided", justify="right")
    table.add_column("expected right, all", justify="right")
    for rule in score.rules:
        table.add_row(RULES[rule.name], f"{rule.right} of {rule.decided}", f"{rule.expected:.0%}")
    held = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header in ("studies", "said", "happened"):
        held.add_column(header, justify="right")
    for one in score.calibration:
        held.add_row(str(one.studies), f"{one.said:.0%}", f"{one.happened:.0%}")
    studies = (
        f"{counted(score.studies, 'study', 'studies')}, {score.undecided:,} of them undecided, each judged by the others alone."
    )
    losses = f"Cross-entropy {score.log_loss:.2f} nats; of the average outcome {score.average_log_loss:.2f}."
    return Group(
        Text(studies), Text(), table, Text(), Text("How probable the first answer was said to be:"), held, Text(), Text(losses)
    )
