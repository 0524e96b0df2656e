"""The recipe as people read it, made from the numbers that the code trains with: in the report, docs/recipe.md and README."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gatewise.nn import network
from gatewise.options.table import OPTION
from gatewise.records import Config
from gatewise.report.numbers import number
from gatewise.report.sections import recipe
from gatewise.report.sections.recipe import recipe_rows
from gatewise.training import optimizer as training
from gatewise.training.schedule import Schedule

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "recipe.md").read_text(encoding="utf-8")
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
TABLES: dict[str, tuple[Any, Any, str]] = {
    "Texts, classes": ("text", "classification", "accuracy"),
    "Series and sound, classes": ("series", "classification", "accuracy"),
    "Forecasts": ("series", "forecast", "mase"),
    "Next steps": ("series", "next_step", "nll"),
}


def written(kind: Any, task: Any, metric: str) -> str:
    lines = [
        "| part | what is done |",
        "|---|---|",
        *(f"| {part} | {done} |" for part, done in recipe_rows(Config(""), kind, task, metric)),
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("title", TABLES)
def test_the_page_has_the_recipe_as_it_is(title: str) -> None:
    expected = f"## {title}\n\n{written(*TABLES[title])}\n"
    assert expected in PAGE, f"docs/recipe.md should have:\n\n{expected}"


def test_readme_has_the_numbers_as_they_are() -> None:
    sentence = (
        f"gradients are clipped to norm {number(training.CLIP_NORM)}, and an exponential moving average of the weights with "
        f"decay {number(training.AVERAGING)} is what counts"
    )
    assert sentence in README
    assert "docs/recipe.md" in README


def everything(**changes: Any) -> str:
    config = replace(Config("", forget_bias=1.0), **changes)
    rows = [*recipe_rows(config, "text", "classification", "accuracy"), *recipe_rows(config, "series", "forecast", "mase")]
    return " ".join(done for _, done in rows)


@pytest.mark.parametrize(
    ("module", "name", "value", "shown"),
    [
        (training, "CLIP_NORM", 7.5, "norm 7.5"),
        (training, "AVERAGING", 0.875, "decay 0.875"),
        (training, "BETAS", (0.8, 0.95), "betas 0.8 and 0.95"),
        (network, "EMBEDDING_DEVIATION", 0.25, "deviation 0.25"),
    ],
)
def test_the_words_follow_the_numbers(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, value: Any, shown: str) -> None:
    assert shown not in everything()
    assert getattr(recipe, name) is getattr(module, name), "the same number, not a copy of it"
    monkeypatch.setattr(recipe, name, value)
    assert shown in everything()


def test_what_was_asked_for_is_said() -> None:
    assert "bias of 1 (--forget-bias)" in everything()
    assert "for 99 steps (--chrono)" in everything(forget_bias=None, chrono=99)
    assert "The state at the last step alone." in everything(pooling="last")
    assert "embedding, query and head" in everything(pooling="attention")
    assert "None: the cell alone" in everything(skip=False) and "None: the cell alone" not in everything()
    assert "2 layers" in everything(layers=2) and "both directions" in everything(bidirectional=True)
    of_a_run = " ".join(done for _, done in recipe_rows(Config(""), "text", "classification", "accuracy", Schedule(16, 90, 14)))
    assert "16 rows" in of_a_run and "90 epochs at most" in of_a_run and "not fallen for 14 epochs" in of_a_run


def test_every_pooling_has_words() -> None:
    assert set(recipe.POOLINGS) == set(OPTION["pooling"].choices)
