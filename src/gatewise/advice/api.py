"""`gatewise.advise` and `gatewise.add_evidence`: one call each. What is heavy is loaded where it is used."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from gatewise.advice.options import ADVISED
from gatewise.data.dataset.drawn import in_memory
from gatewise.errors import OptionError
from gatewise.options.command import option_words
from gatewise.options.configuration import build_config
from gatewise.options.quantities import parse_duration
from gatewise.options.table import SPELLINGS
from gatewise.records import Config
from gatewise.study.api import source_name, watched
from gatewise.study.opening import open_data
from gatewise.study.view import View
from gatewise.wording import listed, nearest

if TYPE_CHECKING:
    from gatewise.advice.advice import Advice
    from gatewise.advice.base import Study

__all__ = ["add_evidence", "advise", "advise_person", "studies_of"]

DEFAULT_SECONDS = 60.0
FEWEST_SECONDS = 5.0
# Strong baselines are chosen as for a comparison of so many times the time.
COMPARED_TIMES = 5
_SAID = ("--cells", "--seed", "--budget", "--jobs", "--threads")


def advise(
    data: Any,
    *,
    budget: str | float = DEFAULT_SECONDS,
    deadline: str | float | None = None,
    base: str | os.PathLike[str] | None = None,
    verbose: bool | None = None,
    view: View | None = None,
    started: float | None = None,
    **options: Any,
) -> Advice:
    """Say which cell to begin with, after about a minute of quick measurements on these data and this machine.

    data: as in `gatewise.compare`. budget: seconds, or `60s`. deadline: by when a model has to be there, `2h`: what fits is said.
    base: a file of recorded studies that count beside gatewise's own; the user's own base where None. verbose, view, started: as
    in `compare`. options: those of `compare` that say how data are read, what is judged and how networks are built (`ADVISED`).
    Raises DataError or OptionError where the data or an option is not acceptable, RunError for a damaged base.
    """
    seconds = parse_duration(budget)
    if seconds < FEWEST_SECONDS:
        raise OptionError(f"--budget is {seconds:g} s; quick measurements take {FEWEST_SECONDS:g} s at least")
    deadline_s = None if deadline is None else parse_duration(deadline, "--deadline")
    started = monotonic() if started is None else started
    config = _config(data, options, seconds)
    studies = studies_of(base)
    test = options.get("test")
    with watched(view, verbose) as watcher:
        as_object = None if test is None or isinstance(test, (str, os.PathLike)) else test
        dataset = in_memory(open_data(config, data, watcher, test=as_object, started=started), config.seed)
        from gatewise.advice.advice import Advice
        from gatewise.advice.findings import facts_of
        from gatewise.advice.probing import probe_data
        from gatewise.advice.recommend import advice_on
        from gatewise.comparison.cheapest import cheapest

        found = probe_data(config, dataset, watcher, seconds=seconds, started=started)
        facts, comparison, _ = facts_of(found)
    choice = cheapest(found.names, comparison)
    recommended = advice_on(
        facts,
        choice.name,
        choice.reason,
        studies,
        source=config.source,
        options=_words(config),
        deadline_s=deadline_s,
    )
    return Advice.of(recommended)


def add_evidence(
    run: str | os.PathLike[str],
    *,
    data: Any = None,
    base: str | os.PathLike[str] | None = None,
    budget: str | float = DEFAULT_SECONDS,
    verbose: bool | None = None,
    view: View | None = None,
) -> tuple[Path, Study]:
    """Add what a finished comparison found to an evidence base, beside quick measurements of its data, which are made now.

    run: its folder. data: needed where it was started on an object. base: the file, made where there is none; the user's own
    where None. budget: seconds that the measurements take, or `60s`. Returns the file and what was added; no row of the data is
    in it. Raises RunError where the run is none of two cells of one size, has no whole replicate, or its data has changed.
    """
    from gatewise.advice.base import add_study, own_base
    from gatewise.advice.recording import study_of

    target = Path(base) if base is not None else own_base()
    with watched(view, verbose) as watcher:
        study = study_of(Path(run), watcher, seconds=parse_duration(budget), data=data)
    add_study(target, study)
    return target, study


def _config(data: Any, options: Mapping[str, Any], seconds: float) -> Config:
    for name in options:
        option = SPELLINGS.get(name)
        if option is None or option.name not in ADVISED:
            raise OptionError(f"advise has no option {name!r}; there are: {listed(ADVISED, 40)}.{nearest(name, ADVISED)}")
    from gatewise.training.threads import default_jobs

    given = {SPELLINGS[name].name: value for name, value in options.items()}
    given.setdefault("jobs", default_jobs(given.get("threads") or 1))
    test = given.get("test")
    named = {**given, "test": None if test is None else source_name(test), "budget": COMPARED_TIMES * seconds}
    return build_config(source_name(data), named)


def advise_person(answers: Mapping[str, str], *, base: str | os.PathLike[str] | None = None) -> Advice:
    """Recommend to a person who has no data yet. answers: as `asking.advice_for` takes them. base: as in `advise`."""
    from gatewise.advice.advice import Advice
    from gatewise.advice.asking import advice_for

    return Advice.of(advice_for(answers, studies_of(base)))


def studies_of(base: str | os.PathLike[str] | None = None) -> Sequence[Study]:
    """The recorded studies that advice rests on: gatewise's own, and those of a base or of the user."""
    from gatewise.advice.base import own_base, read_base, shipped_base

    own = read_base(own_base(), missing=True) if base is None else read_base(Path(base))
    return (*shipped_base(), *own)


def _words(config: Config) -> list[str]:
    """The options of the comparison that the advice stands for, but for those that the command has by itself."""
    words = option_words(config)
    kept: list[str] = []
    while words:
        word = words.pop(0)
        if word in _SAID:
            words.pop(0)
        else:
            kept.append(word)
    return kept
