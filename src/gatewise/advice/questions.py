"""The questions that come before a comparison, each answered by what was measured; every sentence follows from the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gatewise.advice.facts import Facts, Measured
from gatewise.advice.outcomes import LITTLE, way_to_perfect
from gatewise.data.dataset.profile import LOPSIDED
from gatewise.metrics import METRICS
from gatewise.names import plain_title
from gatewise.report.blocks import LENGTH_UNITS
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import bytes_text, count, milliseconds, percent, rough_duration, significant
from gatewise.wording import capitalised, counted, joined, probability

__all__ = ["Question", "answered", "interval", "unsolved", "who_leads"]

# A cell that is dearer than that many times the other is shown to cost more.
DEARER = 1.05


@dataclass(frozen=True)
class Question:
    """One question. answer: in sentences. quantities: (what, how much) of what was measured for it."""

    heading: str
    answer: tuple[str, ...]
    quantities: tuple[tuple[str, str], ...] = ()


def answered(facts: Facts) -> tuple[Question, ...]:
    """All questions that something was measured for, in the order in which a person asks them."""
    told = _Told(facts)
    made = (
        told.resources(),
        told.real_time(),
        told.length(),
        told.data(),
        told.iteration(),
        told.cell(),
        told.worth(),
        told.enough(),
    )
    return tuple(question for question in made if question is not None)


def who_leads(facts: Facts, difference: Measured) -> str:
    """Which cell leads by how much, with the interval: "the GRU leads the LSTM by 1.0 points (95%: ...)"."""
    say = MetricText(METRICS[facts.metric], facts.margin)
    first, second = map(plain_title, facts.cells)
    if difference.value < 0:
        low, high = difference.low, difference.high
        difference = Measured(-difference.value, None if high is None else -high, None if low is None else -low)
        first, second = second, first
    known = difference.low is not None and difference.high is not None
    bounds = f" (95%: {say.range((difference.low or 0.0, difference.high or 0.0))})" if known else ""
    return f"the {first} leads the {second} by {say.size(difference.value)}{bounds}"


def unsolved(facts: Facts, way: float) -> str:
    """That the best of all is not half way to a perfect score, and so no cell solves the task."""
    best = max(facts.scores, key=lambda name: METRICS[facts.metric].gain(facts.scores[name]))
    return (
        f"Nothing here solves the task: the {plain_title(best)}, the best, is {percent(max(way, 0.0), 0)} of the way from the "
        f"{plain_title(facts.simplest)} to a perfect score."
    )


def interval(measured: Measured, say: MetricText) -> str:
    """A measured difference with its 95% interval."""
    value = say.difference(measured.value)
    if measured.low is None or measured.high is None:
        return f"{value} (measured once)"
    return f"{value} (95%: {say.range((measured.low, measured.high))})"


def _ratio(measured: Measured) -> str:
    if measured.low is None or measured.high is None:
        return f"{measured.value:.2f}"
    return f"{measured.value:.2f} (95%: {measured.low:.2f} to {measured.high:.2f})"


@dataclass(frozen=True)
class _Told:
    facts: Facts

    @property
    def say(self) -> MetricText:
        return MetricText(METRICS[self.facts.metric], self.facts.margin)

    @property
    def titles(self) -> tuple[str, str]:
        first, second = self.facts.cells
        return plain_title(first), plain_title(second)

    @property
    def unit(self) -> str:
        return LENGTH_UNITS[self.facts.data.kind]

    def _cheaper(self, ratio: Measured | None, verb: str) -> str:
        """Which cell costs less by a ratio of the first over the second."""
        first, second = self.titles
        if ratio is None or ratio.low is None or ratio.high is None:
            return ""
        if ratio.high * DEARER < 1.0:
            return f"the {first} {verb} {percent(1 - ratio.value, 0)} less time than the {second}"
        if ratio.low > DEARER:
            return f"the {second} {verb} {percent(1 - 1 / ratio.value, 0)} less time than the {first}"
        return f"{first} and {second} {verb.removesuffix('s')} about the same time"

    def resources(self) -> Question | None:
        speed, (first, second) = self.facts.speed, self.titles
        if speed is None:
            return None
        answer, quantities = (
            [f"{capitalised(self._cheaper(speed.step_ratio, 'takes'))} for a training step, on {speed.kernel}."],
            [],
        )
        if speed.step_ratio is not None:
            quantities.append((f"training step, {first} over {second}", _ratio(speed.step_ratio)))
        epochs = self.facts.epochs_ratio
        if epochs is not None and speed.step_ratio is not None and self.facts.target is not None:
            target = self.say.value(self.facts.target)
            quantities.append((f"epochs to a validation score of {target}, {first} over {second}", _ratio(epochs)))
            whole = speed.step_ratio.value * epochs.value
            answer.append(
                f"To the same validation score of {target} the {first} takes {epochs.value:.2f} times the epochs of the "
                f"{second}, {whole:.2f} times its time."
            )
        share = speed.recurrent_share
        if share is not None:
            part = f"The recurrent layer is {percent(share.value, 0)} of a step of the {first}"
            answer.append(f"{part}: another cell changes no more than that part of the time.")
            quantities.append(("recurrent layer's share of a step", _share(share)))
        for cell, title in zip(self.facts.cells, (first, second), strict=True):
            cost = speed.costs.get(cell)
            if cost is not None:
                size = f"{count(cost.parameters)} parameters, {bytes_text(cost.bytes)}"
                quantities.append((title, f"{milliseconds(cost.step_ms)} a step, {size}"))
        return Question("Are your computing resources limited?", tuple(answer), tuple(quantities))

    def real_time(self) -> Question | None:
        speed, (first, second) = self.facts.speed, self.titles
        if speed is None or speed.latency_ratio is None:
            return None
        quantities = [(f"one sequence, {first} over {second}", _ratio(speed.latency_ratio))]
        for cell, title in zip(self.facts.cells, (first, second), strict=True):
            cost = speed.costs.get(cell)
            for label, rows in (("batch1", "1 sequence"), ("batch32", "32 sequences")):
                if cost is not None and label in cost.latency_ms:
                    one = cost.latency_ms[label]
                    quantities.append((f"{title}, {rows}", f"p50 {milliseconds(one.p50)}, p99 {milliseconds(one.p99)}"))
        sentence = f"{capitalised(self._cheaper(speed.latency_ratio, 'takes'))} to answer one sequence"
        cost = speed.costs.get(self.facts.cells[0])
        p50 = f", {milliseconds(cost.latency_ms['batch1'].p50)} with the {first}" if cost and "batch1" in cost.latency_ms else ""
        return Question("Is it real time?", (f"{sentence}{p50}.",), tuple(quantities))

    def length(self) -> Question:
        data, say = self.facts.data, self.say
        median, p95, longest = (count(round(value)) for value in (data.length_median, data.length_p95, data.length_max))
        answer = [f"Half of the sequences have {median} {self.unit} or fewer, 95% up to {p95}, the longest {longest}."]
        quantities = [(f"length in {self.unit}: median, 95%, longest", f"{median}, {p95}, {longest}")]
        answer.extend(self._memory())
        quantities += [
            (f"loss with the last {counted(one.steps, self.unit[:-1])} alone", interval(one.loss, say))
            for one in self.facts.contexts
        ]
        shuffled = self.facts.shuffled
        if shuffled is not None:
            quantities.append((f"loss with {self.unit} in random order", interval(shuffled, say)))
            answer.append(self._order(shuffled))
        longer, (first, second) = self.facts.longer, self.titles
        if longer is not None:
            quantities.append((f"lead of the {first} on rows longer than those learned from", interval(longer, say)))
            if longer.low is not None and longer.high is not None:
                leader = first if longer.low > self.facts.margin else second if longer.high < -self.facts.margin else ""
                told = f"the {leader} is better there" if leader else "neither cell is clearly better there"
                answer.append(f"Tested on rows longer than those learned from, {told}.")
        return Question("How long are the sequences, and the dependencies in them?", tuple(answer), tuple(quantities))

    def _memory(self) -> Iterator[str]:
        """How far back a cell has to look, by what it loses where it cannot."""
        margin = self.facts.margin
        if not self.facts.contexts:
            return
        enough = [one.steps for one in self.facts.contexts if one.loss.value <= margin]
        lacking = [one for one in self.facts.contexts if one.loss.value > margin]
        if not self._learned():
            yield "The cells learned too little for the length of their memory to show."
        elif enough:
            few = min(enough)
            does = f"{counted(few, self.unit[:-1])} {'does' if few == 1 else 'do'}"
            yield f"The last {does} as well as all: little memory is needed."
        else:
            one = lacking[-1]
            yield (
                f"With the last {counted(one.steps, self.unit[:-1])} alone the {self.titles[0]} loses "
                f"{self.say.size(one.loss.value)}: "
                "what decides lies further back, too."
            )

    def _order(self, shuffled: Measured) -> str:
        if not self._learned():
            return "Nor does it show whether their order matters."
        if shuffled.value <= self.facts.margin:
            return f"Their order hardly matters: with {self.unit} in random order the score is the same within the margin."
        sure = "" if shuffled.is_above_zero else ", which may be chance"
        return f"Their order matters: shuffled, the {self.titles[0]} loses {self.say.size(shuffled.value)}{sure}."

    def _learned(self) -> bool:
        """Whether the better cell is above the simplest baseline by more than the margin."""
        metric, facts = METRICS[self.facts.metric], self.facts
        if facts.simplest not in facts.scores:
            return True
        best = max((facts.scores[cell] for cell in facts.scores if cell in facts.gap), key=metric.gain)
        return metric.gain(best) - metric.gain(facts.scores[facts.simplest]) > facts.margin

    def data(self) -> Question:
        facts, data, say = self.facts, self.facts.data, self.say
        answer = [f"There are {counted(data.rows, 'row')}, {count(data.train_rows)} of them to learn from."]
        quantities = []
        if facts.learned_rows < data.train_rows:
            answer.append(f"Time allowed the probes {count(facts.learned_rows)} of them.")
        if len(facts.curve) > 1:
            metric = METRICS[facts.metric]
            half, whole = (max(metric.gain(score) for score in point.scores.values()) for point in facts.curve[-2:])
            rise = whole - half
            rows = f"{count(facts.curve[-2].rows)} to {count(facts.curve[-1].rows)} rows"
            more = "more rows would help" if rise > facts.margin else "more rows would hardly help"
            answer.append(f"From {rows} the better cell gains {say.difference(rise)}: {more}.")
            for point in facts.curve:
                scores = (f"{plain_title(name)} {say.value(score)}" for name, score in point.scores.items())
                quantities.append((f"after {counted(point.rows, 'row')}", ", ".join(scores)))
        quantities += [
            (f"{plain_title(name)}: training rows better than test rows by", say.size(gap)) for name, gap in facts.gap.items()
        ]
        if data.largest_class > LOPSIDED:
            share = percent(data.largest_class, 0)
            answer.append(f"The classes are imbalanced: one has {share} of the rows; consider --metric balanced_accuracy.")
        if data.classes:
            quantities.append(("largest class", percent(data.largest_class)))
        return Question("How much data is there?", tuple(answer), tuple(quantities))

    def iteration(self) -> Question:
        facts, say = self.facts, self.say
        answer, quantities = [], []
        if facts.speed is not None and facts.speed.epoch_s:
            seconds = {name: epoch * facts.whole_epochs for name, epoch in facts.speed.epoch_s.items()}
            times = joined([f"{rough_duration(one)} with the {plain_title(name)}" for name, one in seconds.items()])
            answer.append(f"A whole training of {counted(facts.whole_epochs, 'epoch')} takes about {times}.")
        if facts.tuning is not None and facts.difference is not None:
            apart, between = facts.tuning, abs(facts.difference.value)
            quantities.append(
                (f"{self.titles[0]} with {facts.tuning_trials} sets of hyperparameters: scores apart by", say.size(apart))
            )
            quantities.append(("the two cells apart by", say.size(between)))
            more = (
                "tuning matters more than the cell"
                if apart > max(between, facts.margin)
                else "tuning matters no more than the cell"
            )
            answer.append(
                f"Other hyperparameters change the score by {say.size(apart)}, the cell by {say.size(between)}: {more}."
            )
        if facts.budget_s is not None:
            answer.append(f"A comparison of about {rough_duration(facts.budget_s)} would probably settle it.")
        else:
            answer.append("No comparison of a day or less would probably settle it.")
        return Question("How fast must you iterate?", tuple(answer), tuple(quantities))

    def cell(self) -> Question:
        facts, say, (first, second) = self.facts, self.say, self.titles
        pairs = f"{counted(facts.replicates, 'pair')} of quick trainings"
        quantities = [(plain_title(name), say.value(score)) for name, score in facts.scores.items() if name in facts.gap]
        if facts.difference is None:
            return Question("Does the cell matter here?", (f"{capitalised(pairs)} do not tell.",), tuple(quantities))
        quantities.append((f"lead of the {first} over the {second}", interval(facts.difference, say)))
        if facts.difference.low is None:
            apart = say.difference(facts.difference.value)
            sentence = f"{capitalised(pairs)} put the {first} {apart} from the {second}; too few to tell."
            return Question("Does the cell matter here?", (sentence,), tuple(quantities))
        quick = facts.quick
        cells = {name: quick.get(name, 0.0) for name in ("first", "equivalent", "second")}
        total = sum(cells.values()) or 1.0
        within = probability(cells["equivalent"] / total)
        quantities.append((f"probability that they differ by less than {say.size(facts.margin)}", within))
        sentence = (
            f"In {pairs} {who_leads(facts, facts.difference)}; that they differ by less than {say.size(facts.margin)} has a "
            f"probability of {within}."
        )
        return Question("Does the cell matter here?", (sentence,), tuple(quantities))

    def worth(self) -> Question | None:
        facts, say = self.facts, self.say
        if facts.lead is None or facts.best_baseline is None:
            return None
        baseline = plain_title(facts.best_baseline)
        quantities = [(plain_title(name), say.value(score)) for name, score in facts.scores.items() if name not in facts.gap]
        quantities.append((f"lead of the better cell over the {baseline}", interval(facts.lead, say)))
        ahead = "ahead of" if facts.lead.value >= 0 else "behind"
        sentences = [f"The better cell is {ahead} the {baseline} by {say.size(facts.lead.value)}."]
        if METRICS[facts.metric].in_percent and facts.simplest in facts.scores:
            best = max(facts.scores.values(), key=METRICS[facts.metric].gain)
            way = way_to_perfect(facts.metric, best, facts.scores[facts.simplest])
            quantities.append(("way from the simplest baseline to a perfect score", percent(max(way, 0.0), 0)))
            if way < LITTLE:
                sentences.append(unsolved(facts, way))
        return Question("Is a recurrent net worth it?", tuple(sentences), tuple(quantities))

    def enough(self) -> Question:
        facts, say = self.facts, self.say
        width = "not known yet"
        if facts.difference is not None and facts.difference.low is not None and facts.difference.high is not None:
            width = say.size(facts.difference.high - facts.difference.low)
        quantities = [
            ("pairs of trainings", count(facts.replicates)),
            ("width of the 95% interval", width),
            ("width of the band of equivalence", say.size(2 * facts.margin)),
        ]
        if facts.further is None:
            answer = "No number of replicates that a comparison makes would probably settle it."
            if facts.budget_s is not None:
                answer = "These pairs settle it already; a comparison would confirm it with tuned hyperparameters."
        else:
            answer = f"About {counted(facts.further, 'more replicate')} would probably settle it."
        if facts.epochs < facts.whole_epochs or facts.learned_rows < facts.data.train_rows:
            part = f"{significant(100 * facts.epochs / facts.whole_epochs, 2)}% of the epochs that suit the data"
            answer += f" The trainings were short: {part}."
        return Question("Is the evidence enough?", (answer,), tuple(quantities))


def _share(share: Measured) -> str:
    if share.low is None or share.high is None:
        return percent(share.value, 0)
    return f"{percent(share.value, 0)} (95%: {percent(share.low, 0)} to {percent(share.high, 0)})"
