"""What is recommended follows from facts and recorded outcomes, in all five answers."""

import pytest

from gatewise.advice.facts import Measured
from gatewise.advice.recommend import Recommendation, advice_on, recommended_by
from gatewise.records import from_json, to_json
from tests.advice.made_up import facts, likely, study

FAR = {"scores": {"gru": 0.5, "lstm": 0.5, "majority": 0.5, "minirocket": 0.5}, "quick": likely(neither=1.0)}


@pytest.mark.parametrize(
    ("quick", "answer", "recommended", "said"),
    [
        (likely(first=0.95, equivalent=0.05), "first", "gru", "probably, the GRU is better than the LSTM"),
        (likely(second=0.95, equivalent=0.05), "second", "lstm", "probably, the LSTM is better than the GRU"),
        (likely(equivalent=0.95, second=0.05), "equivalent", "gru", "very probably, the cell does not matter here"),
        (likely(baseline=0.95, first=0.05), "baseline", "minirocket", "probably, no recurrent net is worth it"),
        (likely(neither=0.95, first=0.05), "neither", "minirocket", "probably, neither cell learns more than the MiniRocket"),
    ],
)
def test_the_five_answers(quick: dict[str, float], answer: str, recommended: str, said: str) -> None:
    recorded = [study(f"s{number}", answer, quick=quick) for number in range(8)]
    advice = advice_on(facts(quick=quick), "gru", "which trains in less time", recorded, source="x.csv")
    assert (advice.answer, advice.recommended) == (answer, recommended)
    assert said in advice.headline
    assert advice.headline.startswith("Start with neither cell" if answer == "neither" else "Start with the")
    assert advice.ranked[0].probability == pytest.approx(max(one.probability for one in advice.ranked))
    assert sum(one.probability for one in advice.ranked) == pytest.approx(1.0)


def test_equal_cells_are_chosen_by_what_they_cost() -> None:
    quick = likely(equivalent=1.0)
    recorded = [study("s", "equivalent", quick=quick)]
    for cheaper in ("gru", "lstm"):
        advice = advice_on(facts(quick=quick), cheaper, "which takes fewer bytes", recorded, source="x.csv")
        assert advice.recommended == cheaper
        assert any("which takes fewer bytes" in one.words for one in advice.ranked)


def test_the_most_probable_answer_is_not_always_what_is_taken() -> None:
    # Two answers that both end in the GRU outweigh the one that is the most probable by itself.
    probabilities = likely(baseline=0.4, first=0.3, equivalent=0.3)
    assert recommended_by(probabilities, ("gru", "lstm"), "gru", "minirocket") == "gru"
    assert recommended_by(probabilities, ("gru", "lstm"), "lstm", "minirocket") == "minirocket"
    assert recommended_by(likely(baseline=0.9, second=0.1), ("gru", "lstm"), "gru", None) == "lstm"


def test_the_command_and_its_time() -> None:
    advice = advice_on(facts(), "gru", "", [], source="my data.csv", options=("--target", "y"))
    assert advice.command == "gatewise compare 'my data.csv' --target y --budget 2m"
    assert advice.settles_s == 120.0
    hopeless = advice_on(facts(further=None, budget_s=None), "gru", "", [], source="x.csv")
    assert hopeless.settles_s is None
    assert hopeless.command.endswith("--budget 10m")


def test_what_fits_before_a_deadline() -> None:
    # 40 epochs of 0.1 s are 4 s a training of the GRU.
    for deadline, trainings, fits in ((3600.0, "900 whole trainings", "fits"), (60.0, "15 whole trainings", "does not fit")):
        advice = advice_on(facts(), "gru", "", [], source="x.csv", deadline_s=deadline)
        told = " ".join(advice.questions[-1].answer)
        assert trainings in told
        assert f"settles it {fits} into" in told


def test_the_studys_own_record_does_not_vote() -> None:
    own = study("f0", "second")
    assert own.facts.fingerprint == facts().fingerprint
    assert advice_on(facts(), "gru", "", [own], source="x.csv").studies == 0


def test_short_probes_say_so() -> None:
    assert any("25% of the rows" in one for one in advice_on(facts(learned_rows=200), "gru", "", [], source="x").changes)
    assert any("20 of 40 epochs" in one for one in advice_on(facts(epochs=20), "gru", "", [], source="x").changes)


def test_json_both_ways() -> None:
    advice = advice_on(facts(longer=Measured(0.1, 0.0, 0.2)), "gru", "", [study("s", "first")], source="x.csv")
    assert from_json(Recommendation, to_json(advice)) == advice


def test_what_is_unsure_is_said_to_be() -> None:
    advice = advice_on(facts(quick=likely(first=0.4, second=0.3, equivalent=0.3)), "gru", "", [], source="x.csv")
    assert advice.headline == (
        "Start with the GRU: perhaps, the GRU is better than the LSTM (40%); or the LSTM is better than the GRU (30%)."
    )


@pytest.mark.parametrize(("value", "leads"), [(0.02, "the GRU leads the LSTM by 2.0"), (-0.02, "the LSTM leads the GRU by 2.0")])
def test_the_leader_is_named_first(value: float, leads: str) -> None:
    advice = advice_on(facts(difference=Measured(value, value - 0.01, value + 0.01)), "gru", "", [], source="x.csv")
    assert leads in advice.reasons[0]
    assert "(95%: +1.0 to +3.0 points)" in advice.reasons[0]


def test_studies_that_are_unlike_are_not_quoted() -> None:
    alike = [study(f"s{number}", "second") for number in range(3)]
    assert "found 'LSTM better' most often: over 99.9%" in advice_on(facts(), "gru", "", alike, source="x").reasons[-1]
    other = likely(baseline=1.0)
    unlike = [study("u", "second", quick=other, scores={"gru": 0.5, "lstm": 0.5, "majority": 0.5, "minirocket": 0.99})]
    assert "is much like this data" in advice_on(facts(), "gru", "", unlike, source="x").reasons[-1]
