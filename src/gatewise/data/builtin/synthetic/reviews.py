"""Consumer reviews written by a grammar that decides their sentiment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["reviews"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PRODUCTS = _words("blender camera drill headset kettle keyboard lamp laptop phone printer speaker tablet vacuum watch")
ASPECTS = _words("battery build design display finish fit manual packaging price service setup software sound weight")
POSITIVE = _words("brilliant delightful excellent fine good great impressive lovely pleasant reliable solid superb useful")
NEGATIVE = _words("annoying awful bad clumsy disappointing dreadful flimsy horrible poor shoddy terrible useless weak")
KEEPING = ("{}", "very {}", "really {}", "rather {}", "nothing short of {}", "nothing if not {}", "never anything but {}")
TURNING = ("not {}", "not {} at all", "not at all {}", "not very {}", "hardly {}", "never {}", "far from {}", "anything but {}")
OCCASIONS = ("last week", "a month ago", "for my brother", "for the office", "in march", "as a gift", "to replace an old one")
OTHERS = ("my sister", "a friend", "the shop", "one tester", "my neighbour", "everyone")
CLOSINGS = ("i ordered the {} one.", "i use the {} one at home.", "it came in {}.", "we chose {}.")
COLOURS = ("black", "white", "grey", "blue", "green", "red")

SAME, LAST, FIRST = "and", "last", "first"
FORMS = {
    "{0}.": (SAME, 0.2),
    "{0} and {1}.": (SAME, 0.2),
    "{0}, but {1}.": (LAST, 0.1),
    "{0}, yet {1}.": (LAST, 0.05),
    "although {0}, {1}.": (LAST, 0.1),
    "{0}, although {1}.": (FIRST, 0.125),
    "{0}, even if {1}.": (FIRST, 0.125),
    "{2} says that {3}; in truth {0}.": (SAME, 0.1),
}
"""What is said, in which order, with how frequent it is. FIRST and LAST name the part that outweighs another of the opposite
sentiment; they are equally frequent, so that what stands last tells nothing."""


def reviews(generator: np.random.Generator, *, rows: int) -> tuple[list[str], list[str]]:
    """Reviews of one or two opinions, `positive` or `negative`, half of the rows each; chance is 50%.

    An opinion is an adjective of one of two lists. A quarter of them are turned round (`not very good`, `anything but awful`);
    others only look so (`nothing if not good`). Of two opposite opinions the one after `but` and `yet` counts, and not the one
    after `although` and `even if`; what others say never does. A sentence before and one after are neutral. Logistic regression
    on word counts reaches about 61%, on those of pairs too 67%. There are more than a billion different reviews.
    Returns texts and labels.
    """
    forms, shares = list(FORMS), np.array([share for _, share in FORMS.values()])
    texts, labels = [], []
    for positive in generator.permutation(np.arange(rows) % 2 == 0).tolist():
        form = forms[generator.choice(len(forms), p=shares)]
        decides = FORMS[form][0]
        aspects = generator.permutation(len(ASPECTS))[:3]
        told = _opinion(generator, aspects[2], bool(generator.integers(2)))
        said = []
        for aspect, part in zip(aspects, (FIRST, LAST), strict=False):
            said.append(_opinion(generator, aspect, positive == (decides in (SAME, part))))
        sentences = [form.format(*said, _one(generator, OTHERS), told)]
        if generator.random() < 0.7:
            sentences.insert(0, f"i bought this {_one(generator, PRODUCTS)} {_one(generator, OCCASIONS)}.")
        if generator.random() < 0.5:
            sentences.append(_one(generator, CLOSINGS).format(_one(generator, COLOURS)))
        texts.append(" ".join(sentences))
        labels.append("positive" if positive else "negative")
    return texts, labels


def _opinion(generator: np.random.Generator, aspect: int, positive: bool) -> str:
    turned = generator.random() < 0.25
    adjective = _one(generator, POSITIVE if positive != turned else NEGATIVE)
    return f"the {ASPECTS[aspect]} is {_one(generator, TURNING if turned else KEEPING).format(adjective)}"


def _one(generator: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(generator.integers(len(words)))]
