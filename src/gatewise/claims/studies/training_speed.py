"""Training speed: how much less time does a GRU take than an LSTM, layer by layer and end to end?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gatewise.claims.effects import ratio_effect, ratio_of
from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature
from gatewise.claims.repeated import answer, verdict_of
from gatewise.claims.study import Study
from gatewise.claims.text import effect_text, interval_text, value_text
from gatewise.records import Ratio, from_json
from gatewise.wording import joined

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.claims.pairs import Setting
    from gatewise.records import Arm
    from gatewise.report.blocks import Block, Table
    from gatewise.study.work import Workload

__all__ = ["STUDY"]

CELLS = ("gru", "lstm")
MOST = 0.85
"""The rule says 20 to 30% less. Less than this part of the LSTM's time is nearer to 20% less than to 10%."""
HIDDEN, BATCH, EMBEDDING, INPUT = 128, 32, 100, 128
PARTS, TURNS = 20, 10
SHAPES = {
    "hidden size": [{"hidden_size": size} for size in (32, 64, 128, 256, 512)],
    "length": [{"steps": steps} for steps in (10, 50, 200, 1000)],
    "batch": [{"batch": rows} for rows in (1, 32, 128)],
}
QUICK_SHAPES = {
    "hidden size": [{"hidden_size": size} for size in (32, 128, 256)],
    "length": [{"steps": steps} for steps in (10, 50, 200)],
    "batch": [{"batch": rows} for rows in (1, 32)],
}
LAYER_ROUNDS, LEAST_ROUNDS = 40, 9
# Of the study's time: what single layers may take.
LAYERS_SHARE = 0.4

CLAIM = Claim(
    number=1,
    name="training-speed",
    title="Training speed",
    rule="A GRU trains 20 to 30% faster than an LSTM (a review classifier in 2.4 hours instead of 3.2).",
    question="How many times the LSTM's time does the GRU take for an epoch of review classification, and for one layer?",
    design=(
        f"End to end: an epoch of a review classifier (embedding {EMBEDDING}, hidden size {HIDDEN}, batches of {BATCH}, one "
        f"thread) is cut into {PARTS} parts with batches of all lengths alike, and each part is trained in turn by both cells, "
        "once by gatewise's training step and once on PyTorch's own layers by autograd, everything else being equal. Layer by "
        "layer: one pass forward and backward, by hidden size, length and batch, in every library that is installed and trains; "
        "ONNX Runtime does not.",
        "The rule holds in a library where the GRU takes less than 0.85 times the LSTM's time end to end at equal hidden size, "
        "with the whole interval: 15% less is nearer to 20 than to 10. At equal parameters the GRU has "
        "about 1.155 times the hidden size, and no less arithmetic.",
    ),
    published="29% less in one study and 13 to 22% in another, no large difference in a third; users report all kinds",
    literature=(
        Literature("29.29% faster on Yelp reviews", "Yang 2020", False),
        Literature("13 to 22% less time a step on six GPUs, hidden size 1536, batch 32", "DeepBench", True),
        Literature("translation: 'did not observe large difference', for the softmax takes most", "Britz et al. 2017", False),
        Literature("15.8 thousand examples a second against 16.5", "Element-Research/rnn, issue 67", True),
        Literature("4 hours against 20 minutes an epoch", "tensorflow, issue 57005", True),
        Literature("94 against 15 seconds", "keras, issue 866", True),
    ),
)


def measure(bench: Bench) -> dict[str, Any]:
    """Single layers by shape, and epochs of review classification."""
    from gatewise.claims.libraries.jax_layers import missing_libraries

    shapes = QUICK_SHAPES if bench.quick else SHAPES
    ends = bench.left() * (1 - LAYERS_SHARE)
    layers = list(_layers(bench, shapes, bench.left() * LAYERS_SHARE))
    reviews = [row for name, share, part in _reviews(bench) for row in _epochs(bench, name, share, part * ends)]
    return {"layers": layers, "reviews": reviews, "missing": list(missing_libraries()), "parts": PARTS}


# ---------------------------------------------------------------- single layers


def _layers(bench: Bench, shapes: Mapping[str, Sequence[dict[str, int]]], seconds: float) -> Iterator[dict[str, Any]]:
    each = seconds / sum(map(len, shapes.values()))
    for varied, changes in shapes.items():
        for change in changes:
            yield from _layer(bench, varied, change, each)


def _layer(bench: Bench, varied: str, change: dict[str, int], seconds: float) -> Iterator[dict[str, Any]]:
    from gatewise.claims.libraries import Layer, Pass, jax_layers, torch_layers
    from gatewise.records import to_json

    sizes = {"batch": BATCH, "steps": 50, "hidden_size": HIDDEN} | change
    base = Layer("", input_size=INPUT, **sizes)
    key = f"training-speed:layer:{base.batch}:{base.steps}:{base.hidden_size}"

    def actions() -> dict[str, Pass]:
        made: dict[str, Pass] = {}
        for cell in CELLS:
            layer = replace(base, cell=cell)
            passes = torch_layers.training_pass(layer) | jax_layers.training_pass(layer)
            made |= {f"{library}:{cell}": action for library, action in passes.items()}
        return made

    bench.show(f"a layer of hidden size {base.hidden_size}, {base.steps} steps, batch {base.batch}")
    times = bench.timed(key, actions, rounds=LAYER_ROUNDS, seconds=seconds, least=LEAST_ROUNDS, warm_up=3)
    for library in dict.fromkeys(name.partition(":")[0] for name in times):
        gru, lstm = (times[f"{library}:{cell}"] for cell in CELLS)
        ratio, rounds = ratio_of(gru, lstm)
        yield {
            "library": library,
            "varied": varied,
            "value": next(iter(change.values())),
            "gru_ms": float(sorted(gru)[len(gru) // 2]),
            "lstm_ms": float(sorted(lstm)[len(lstm) // 2]),
            "ratio": to_json(ratio),
            "rounds": rounds,
        }


# ---------------------------------------------------------------- end to end


def _reviews(bench: Bench) -> list[tuple[str, float, float]]:
    """Review data at hand: name, which share of an epoch's batches is timed, and its part of the time."""
    shares = (
        (("mr", 0.5, 0.5), ("amazon_multidomain", 0.1, 0.5))
        if bench.quick
        else (
            ("mr", 1.0, 0.1),
            ("amazon_multidomain", 1.0, 0.35),
            ("imdb_10k", 1.0, 0.55),
        )
    )
    return [one for one in shares if bench.has(one[0])] or [("reviews?rows=2000", 1.0, 1.0)]


def _epochs(bench: Bench, name: str, share: float, seconds: float) -> Iterator[dict[str, Any]]:
    from gatewise.claims.epochs import Epoch
    from gatewise.claims.libraries.torch_layers import GATEWISE, TORCH
    from gatewise.claims.pairs import Setting
    from gatewise.records import to_json

    options = {"hidden_size": HIDDEN, "batch_size": BATCH, "embedding_size": EMBEDDING}
    workload = bench.workload(Setting(name, CELLS, options=options))
    equal = {"hidden": workload.arms, "parameters": _matched(bench, Setting(name, CELLS, "parameters", options=options))}
    arms = {f"{arm.cell}:{arm.hidden_size}": arm for own in equal.values() for arm in own}
    epoch = Epoch.of(workload, PARTS, share)

    def actions() -> dict[str, Any]:
        on = {GATEWISE: epoch.on_gatewise, TORCH: epoch.on_torch}
        return {f"{library}:{key}": make(arm) for library, make in on.items() for key, arm in arms.items()}

    bench.show(f"an epoch on {workload.dataset.name}")
    key = f"training-speed:epoch:{name}:{share:g}"
    times = bench.timed(key, actions, rounds=TURNS * PARTS, seconds=seconds, least=LEAST_ROUNDS, warm_up=1)
    for library in (GATEWISE, TORCH):
        for match, (gru, lstm) in equal.items():
            first, second = (times[f"{library}:{arm.cell}:{arm.hidden_size}"] for arm in (gru, lstm))
            ratio, parts = ratio_of(first, second)
            yield {
                "data": workload.dataset.name,
                "rows": epoch.rows,
                "library": library,
                "match": match,
                "gru_hidden": gru.hidden_size,
                "lstm_hidden": lstm.hidden_size,
                "gru_s": epoch.seconds(first),
                "lstm_s": epoch.seconds(second),
                "ratio": to_json(ratio),
                "parts": parts,
                "share": epoch.share * min(1.0, parts / PARTS),
            }


def _matched(bench: Bench, setting: Setting) -> Sequence[Arm]:
    matched: Workload = bench.workload(setting)
    return matched.arms


# ---------------------------------------------------------------- the verdict


def _effect(row: Findings, label: str, count: str) -> Effect:
    return ratio_effect(label, from_json(Ratio, row["ratio"]), row[count])


def judge(findings: Findings) -> Judgement:
    """By the epochs at equal hidden size, of every data set and library."""
    equal_size, equal_parameters = (_by_library(findings, match) for match in ("hidden", "parameters"))
    effects = tuple(effect for of_library in equal_size.values() for effect in of_library)
    sentences = [
        f"With {library} a GRU's epoch takes {_several(of_library)}: {_in_words(of_library)}."
        for library, of_library in equal_size.items()
    ]
    parameters = [f"{_several(of_library)} with {library}" for library, of_library in equal_parameters.items()]
    sentences += [f"At equal parameters it takes {joined(parameters)}."] if parameters else []
    return Judgement(verdict_of(_holds(effect) for effect in effects), " ".join(sentences), effects)


def _by_library(findings: Findings, match: str) -> dict[str, list[Effect]]:
    found: dict[str, list[Effect]] = {}
    for row in findings["reviews"]:
        if row["match"] == match:
            label = f"GRU over LSTM, {row['library']} on {row['data']}"
            found.setdefault(row["library"], []).append(_effect(row, label, "parts"))
    return found


def _several(effects: Sequence[Effect]) -> str:
    return joined([f"{effect_text(effect)} an LSTM's on {_data(effect)}" for effect in effects])


def _data(effect: Effect) -> str:
    return effect.label.rpartition(" on ")[2]


def _holds(effect: Effect) -> bool | None:
    """Whether the GRU takes less of the time by as much as the rule says, rounded."""
    slower = answer(effect, MOST, MOST)
    return None if slower is None else not slower


def _in_words(effects: Sequence[Effect]) -> str:
    """What the ratios of one library come to."""
    said: dict[str, list[str]] = {}
    for effect in effects:
        said.setdefault(_one_in_words(effect), []).append(_data(effect))
    return joined([f"{words}{f' on {joined(data)}' if len(said) > 1 else ''}" for words, data in said.items()])


def _one_in_words(effect: Effect) -> str:
    if effect.low is None or effect.high is None:
        return "too few parts for an interval"
    if effect.high < MOST:
        return "less by about the 20% that the rule says, or more"
    if effect.high < 1:
        return "less, but not by 20%" if effect.low > MOST else "less, be it by about 20% or not"
    return "more, not less" if effect.low > 1 else "no difference that shows"


# ---------------------------------------------------------------- what is shown


def show(findings: Findings) -> Sequence[Block]:
    """Epochs as a figure and a table, then single layers by what is varied."""
    from gatewise.claims.blocks import effects_figure

    effects, headings = [], []
    for match, heading in (("hidden", "At equal hidden size"), ("parameters", "At equal parameters")):
        for place, row in enumerate(_sorted(row for row in findings["reviews"] if row["match"] == match)):
            effects.append(_effect(row, f"{row['library']}, {row['data']}", "parts"))
            headings.append("" if place else heading)
    layers = _sorted(findings["layers"])
    libraries = [row["library"] for row in layers]
    of_layers = ["" if place and library == libraries[place - 1] else library for place, library in enumerate(libraries)]
    return (
        effects_figure(
            "training-speed-epochs",
            effects,
            title="Time of an epoch, GRU over LSTM",
            axis="times the LSTM's time",
            caption="An epoch of review classification, with 95% intervals. In the shaded band lies what the rule says.",
            sides=("GRU faster", "LSTM faster"),
            band=(0.7, 0.8),
            headings=headings,
        ),
        _epochs_table(findings),
        effects_figure(
            "training-speed-layers",
            [_effect(row, f"{row['varied']} {row['value']:,}", "rounds") for row in layers],
            title="Time of one layer forward and backward, GRU over LSTM",
            axis="times the LSTM's time",
            caption=f"One layer of input size {INPUT}; what is not varied has hidden size {HIDDEN}, 50 steps and batch {BATCH}.",
            sides=("GRU faster", "LSTM faster"),
            band=(0.7, 0.8),
            headings=of_layers,
        ),
        _layers_table(findings),
    )


def _sorted(rows: Iterable[Findings]) -> list[Findings]:
    """By library, in the order in which they come."""
    found = list(rows)
    libraries = list(dict.fromkeys(row["library"] for row in found))
    return sorted(found, key=lambda row: libraries.index(row["library"]))


def _epochs_table(findings: Findings) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import count, percent, significant

    rows = []
    for row in findings["reviews"]:
        effect = _effect(row, "", "parts")
        rows.append(
            (
                f"{row['data']}, {count(row['rows'])} rows, {row['library']}",
                f"{row['gru_hidden']} and {row['lstm_hidden']}",
                significant(row["gru_s"]),
                significant(row["lstm_s"]),
                value_text(effect, unit=False),
                interval_text(effect),
                percent(row["share"], 0),
            )
        )
    header = ("data and library", "hidden size", "GRU, s", "LSTM, s", "GRU / LSTM", "95% interval", "of the batches")
    note = "Where not all batches were timed, an epoch's seconds are those of the timed ones, scaled up."
    return Table(header, tuple(rows), "Seconds an epoch", note)


def _layers_table(findings: Findings) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import significant

    rows = []
    for row in findings["layers"]:
        effect = _effect(row, "", "rounds")
        label = f"{row['library']}, {row['varied']} {row['value']:,}"
        times = significant(row["gru_ms"]), significant(row["lstm_ms"])
        rows.append((label, *times, value_text(effect, unit=False), interval_text(effect)))
    note = f"Not installed here: {joined(findings['missing'])}." if findings["missing"] else ""
    return Table(("layer", "GRU, ms", "LSTM, ms", "GRU / LSTM", "95% interval"), tuple(rows), fold="All layers", note=note)


STUDY = Study(CLAIM, 15.0, measure, judge, show)
