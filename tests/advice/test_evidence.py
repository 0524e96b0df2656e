"""The evidence base: lines both ways, what is damaged, who votes how loud, and how good that is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gatewise.advice.base import Study, add_study, own_base, read_base, shipped_base, study_line
from gatewise.advice.likeness import vote
from gatewise.advice.outcomes import ANSWERS
from gatewise.advice.scoring import score_advice
from gatewise.errors import RunError
from tests.advice.made_up import facts, likely, study


def test_a_line_both_ways(tmp_path: Path) -> None:
    base = tmp_path / "of mine" / "evidence.jsonl"
    one = study("one", "first")
    assert not add_study(base, one)
    assert read_base(base) == (one,)
    assert not add_study(base, study("other", "equivalent"))
    assert add_study(base, study("one", "second")), "the same data again takes its place"
    assert [found.outcome.decision for found in read_base(base)] == ["equivalent", "second"]
    assert not list(base.parent.glob("*.part"))


def test_numbers_have_four_digits() -> None:
    line = study_line(study("one", "first", margin=0.0123456))
    assert '"margin":0.01235' in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "line 2 of .* is no study"),
        ("[]", "line 2 of .* is no study"),
        ('{"format": 1}', "line 2 of .* is no study"),
        ('{"format": 2}', "has format 2, and this version of gatewise reads up to 1"),
    ],
)
def test_what_is_no_study_is_said(tmp_path: Path, line: str, expected: str) -> None:
    base = tmp_path / "base.jsonl"
    content = f"{study_line(study('one', 'first'))}\n{line}\n"
    base.write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=expected):
        read_base(base)
    with pytest.raises(RunError, match=expected):
        add_study(base, study("two", "first"))
    assert base.read_text(encoding="utf-8") == content


def test_answers_that_are_none_are_refused(tmp_path: Path) -> None:
    base = tmp_path / "base.jsonl"
    value = json.loads(study_line(study("one", "first")))
    value["outcome"]["probabilities"] = {"third": 1.0}
    base.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(RunError, match="third"):
        read_base(base)


def test_a_base_that_is_not_there(tmp_path: Path) -> None:
    assert read_base(tmp_path / "none", missing=True) == ()
    with pytest.raises(RunError, match="there is no evidence base"):
        read_base(tmp_path / "none")
    with pytest.raises(RunError, match="cannot be read"):
        read_base(tmp_path)


def test_the_users_own_base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert own_base() == tmp_path / "gatewise" / "evidence.jsonl"


def test_the_shipped_base_is_sound_and_holds_no_place() -> None:
    studies = shipped_base()
    assert len({one.facts.fingerprint for one in studies}) == len(studies)
    for one in studies:
        assert set(one.outcome.probabilities) == set(ANSWERS)
        assert sum(one.outcome.probabilities.values()) == pytest.approx(1.0, abs=2e-3)
        assert one.source == "" or one.source.startswith("builtin:")
        assert "/" not in one.facts.name


def two_kinds(count: int) -> list[Study]:
    """Data on which the pairs and the comparison say that the first cell is better, and as much on which the second is."""
    return [
        replace(study(f"{name}{number}", name, quick=likely(**{name: 0.7, "equivalent": 0.3})), source="")
        for number in range(count)
        for name in ("first", "second")
    ]


def test_those_alike_are_louder() -> None:
    found = vote(facts(quick=likely(first=0.7, equivalent=0.3)), two_kinds(10))
    assert found.probabilities["first"] > 0.7
    assert all(one.outcome.decision == "first" for one, _ in found.nearest)
    other = vote(facts(quick=likely(second=0.7, equivalent=0.3)), two_kinds(10))
    assert other.probabilities["second"] > 0.7


def test_without_studies_the_pairs_speak() -> None:
    quick = likely(first=0.6, equivalent=0.4)
    assert vote(facts(quick=quick), []).probabilities == quick


def test_the_score_tells_advice_from_rules_of_thumb() -> None:
    score = score_advice(two_kinds(20))
    advice, always, by_length = score.rules
    assert (advice.right, advice.decided) == (40, 40)
    assert (always.right, by_length.right) == (20, 20)
    assert score.log_loss < score.average_log_loss
    assert score.undecided == 0


def test_undecided_studies_count_by_their_probabilities() -> None:
    unsure = [study(f"u{number}", "undecided", probabilities=likely(first=0.5, second=0.5)) for number in range(4)]
    score = score_advice(unsure)
    assert score.undecided == 4
    assert score.rules[0].decided == 0
    assert score.rules[1].expected == pytest.approx(0.5)


def test_a_data_set_never_votes_on_itself() -> None:
    # Each data set has an outcome of its own, told by nothing but its likeness to itself.
    alone = [study("a", "first"), study("a", "first"), study("b", "second"), study("b", "second")]
    advice = score_advice(alone).rules[0]
    assert advice.right == 0
