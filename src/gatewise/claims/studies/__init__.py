"""The studies, a module each, found by their place: whatever stands here and has a `STUDY` is one of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module

from gatewise.claims.study import Study
from gatewise.errors import OptionError
from gatewise.wording import joined, nearest

__all__ = ["all_studies", "named_studies"]


@cache
def all_studies() -> tuple[Study, ...]:
    """Every study, in the order of the claims' numbers."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    studies: list[Study] = [module.STUDY for module in modules if hasattr(module, "STUDY")]
    return tuple(sorted(studies, key=lambda study: study.claim.number))


def named_studies(names: Iterable[str]) -> tuple[Study, ...]:
    """The studies of these names in the order of their numbers; all of them where no name is given.

    Raises OptionError for a name that none has.
    """
    wanted = set(names)
    known = [study.claim.name for study in all_studies()]
    for name in sorted(wanted - set(known)):
        raise OptionError(f"there is no claim {name!r}; there are: {joined(known)}.{nearest(name, known)}")
    return tuple(study for study in all_studies() if not wanted or study.claim.name in wanted)
