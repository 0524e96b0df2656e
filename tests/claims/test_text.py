"""Effects and verdicts in words."""

from __future__ import annotations

import pytest

from gatewise.claims.records import Effect, Judgement, Outcome, Results, Verdict
from gatewise.claims.text import effect_text, rerun_command, summary_sentence
from tests.claims import made_up


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (Effect("a", 0.8412, 0.8234, 0.8601, "times", 9), "0.841 times (95%: 0.823 to 0.860)"),
        (Effect("a", 0.34, -1.26, 1.94, "points", 9), "+0.3 points (95%: −1.3 to +1.9)"),
        (Effect("a", 1234.5, 1100.0, 1400.0, "epochs", 9), "1,234 epochs (95%: 1,100 to 1,400)"),
        (Effect("a", 0.5, None, None, "times", 1), "0.500 times"),
    ],
)
def test_an_effect_has_as_many_decimals_as_its_interval_allows(effect: Effect, text: str) -> None:
    assert effect_text(effect) == text


def outcome(verdict: Verdict) -> Outcome:
    return Outcome(made_up.claim(), {}, Judgement(verdict, ""), 0.0)


def test_the_summary_counts_the_verdicts() -> None:
    several = [outcome("holds"), outcome("holds"), outcome("depends"), outcome("not told")]
    expected = "Of 4 rules of thumb 2 hold, 1 depends on what is measured and 1 cannot be told."
    assert summary_sentence(several) == expected
    assert summary_sentence([outcome("does not hold")]) == "Of 1 rule of thumb 1 does not hold."


def test_the_command_that_measures_again_names_no_folder_of_this_machine() -> None:
    command = rerun_command(made_up.claim(), Results(True, True, ()))
    assert command == "gatewise claims sweetness --quick --data FOLDER --out runs/sweetness"
    command = rerun_command(made_up.claim(), Results(False, False, (), device="cuda"))
    assert command == "gatewise claims sweetness --device cuda --out runs/sweetness"
