"""What the arms cost on each of a run's devices, and what would be shipped there."""

from collections.abc import Callable, Mapping, Sequence

from gatewise.comparison.cheapest import measured_cost
from gatewise.options.config import CostName
from gatewise.records import Comparison, Cost, Verdict
from gatewise.report.blocks import Section, Table
from gatewise.report.numbers import bytes_text, milliseconds
from gatewise.titles import Titles

__all__ = ["device_lines", "device_sentence", "devices_section"]

NOT_MEASURED = "not measured"
FASTEST: Mapping[CostName, tuple[str, str]] = {"training": ("trains", "a step"), "latency": ("answers", "at batch 1")}


def device_sentence(comparison: Comparison) -> str:
    """Return where networks were trained and timed; "" where that is the processor alone."""
    devices = comparison.config.device
    if devices == ("cpu",):
        return ""
    first = _described(comparison)[devices[0]]
    way = (
        ""
        if devices[0] == "cpu"
        else " A step includes the batch's way there, a call the input's way there and the answer's back."
    )
    return f"Networks were trained and timed on {first}; baselines run on the processor.{way}"


def device_lines(comparison: Comparison, verdict: Verdict) -> list[str]:
    """Return what would be shipped on each of the other devices, and which arm is the fastest where; none of a single device."""
    if not verdict.elsewhere:
        return []
    costs = _by_device(comparison, verdict)
    fastest = [line for device, of_arms in costs.items() if (line := _fastest(device, of_arms, Titles(comparison.arms)))]
    return [*(one.sentence for one in verdict.elsewhere.values()), *fastest]


def devices_section(comparison: Comparison, verdict: Verdict) -> Section | None:
    """Return the section on the costs of each device; None where the run has one."""
    devices = comparison.config.device
    if len(devices) == 1:
        return None
    title = "On other devices"
    costs = _by_device(comparison, verdict)
    missing = [device for device in devices[1:] if device not in costs]
    without = f"There was no time to measure costs on {' and '.join(missing)}." if missing else ""
    lines = [*device_lines(comparison, verdict), *([without] if without else [])]
    if not verdict.elsewhere:
        return Section("devices", title, tuple(lines))
    rule = (
        f"The replicates were trained on {devices[0]}, whose costs decide. For every other device the same rule was applied to "
        "the same scores and to the costs that were measured there, cells in turn; how long a training takes there is reckoned "
        "from its steps."
    )
    described = _described(comparison)
    table = Table(
        ("Cost", "Device", *(Titles(comparison.arms)(arm.name) for arm in comparison.arms)),
        tuple(_rows(costs, described, [arm.name for arm in comparison.arms])),
        note="Latency is the median of a call. Memory is on the processor what training adds to the process, elsewhere what its "
        "tensors take on the device.",
    )
    return Section("devices", title, (*lines, rule), (table,))


def _described(comparison: Comparison) -> dict[str, str]:
    """Every device as the environment describes it: "cuda: NVIDIA H200"."""
    said = [str(text) for text in comparison.environment.get("device", ())]
    found = {name: next((text for text in said if text.partition(":")[0] == name), name) for name in comparison.config.device}
    return {name: text.replace(": ", " (", 1) + ")" if ": " in text else text for name, text in found.items()}


def _by_device(comparison: Comparison, verdict: Verdict) -> dict[str, Mapping[str, Cost]]:
    """The arms' costs on every device that was measured, the one that trained first."""
    return {comparison.config.device[0]: verdict.costs, **{device: one.costs for device, one in verdict.elsewhere.items()}}


def _fastest(device: str, costs: Mapping[str, Cost], title: Titles) -> str:
    """Which arm is the fastest on a device; "" where nothing was measured."""
    found: dict[str, list[str]] = {}
    for kind, (does, of) in FASTEST.items():
        values = {name: value for name, cost in costs.items() if (value := measured_cost(cost, kind)) is not None}
        if values:
            best = min(values, key=lambda name: values[name])
            found.setdefault(best, []).append(f"{does} fastest ({milliseconds(values[best])} {of})")
    said = (f"the {title(name)} {' and '.join(each)}" for name, each in found.items())
    return f"As measured, on {device} {', '.join(said)}." if found else ""


def _rows(costs: Mapping[str, Mapping[str, Cost]], described: Mapping[str, str], names: Sequence[str]) -> list[tuple[str, ...]]:
    """The devices below each other for each kind of cost."""
    kinds: dict[str, Callable[[Cost], str]] = {
        "One training step": lambda cost: (
            NOT_MEASURED if cost.train_ms_per_step is None else milliseconds(cost.train_ms_per_step)
        ),
        "Latency, batch of 1": lambda cost: _latency(cost, "batch1"),
        "Latency, batch of 32": lambda cost: _latency(cost, "batch32"),
        "Peak memory": lambda cost: NOT_MEASURED if cost.peak_memory_bytes is None else bytes_text(cost.peak_memory_bytes),
    }
    return [
        (label, described[device], *(write(of_arms[name]) for name in names))
        for label, write in kinds.items()
        for device, of_arms in costs.items()
    ]


def _latency(cost: Cost, batch: str) -> str:
    return milliseconds(cost.latency_ms[batch].p50) if batch in cost.latency_ms else NOT_MEASURED
