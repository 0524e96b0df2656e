"""What page and terminal say of a run on several devices."""

from dataclasses import replace

from rich.console import Console

from gatewise.records import BatchLatency, Comparison, Cost, DeviceVerdict, Verdict
from gatewise.report.page import render_page
from gatewise.report.sections.devices import device_lines, device_sentence, devices_section
from gatewise.report.terminal import verdict_panel
from tests.report.page_text import Page
from tests.report.runs import make_run

SENTENCE = "On cuda: ship the LSTM, which trains in less time; it is the GRU on cpu."


def cost(step: float, latency: float) -> Cost:
    timed = {"batch1": BatchLatency(latency, latency, latency), "batch32": BatchLatency(2 * latency, latency, latency)}
    return Cost(step, None, None, 0, timed, 24_000_000, 1000, 4000)


def on_two(*, measured: bool = True) -> tuple[Comparison, Verdict]:
    there = {"gru": cost(0.9, 0.3), "lstm": cost(0.8, 0.4)}
    comparison, verdict = make_run(limits={"device": ("cpu", "cuda")})
    environment = {**comparison.environment, "device": ["cpu", "cuda: Some GPU"]}
    comparison = replace(comparison, environment=environment)
    elsewhere = {"cuda": DeviceVerdict("equivalent", "lstm", SENTENCE, there)} if measured else {}
    return comparison, replace(verdict, elsewhere=elsewhere)


def terminal_text(comparison: Comparison, verdict: Verdict) -> str:
    console = Console(width=300, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(verdict_panel(comparison, verdict))
    return capture.get()


def test_a_run_of_the_processor_alone_says_nothing_of_devices() -> None:
    comparison, verdict = make_run()
    assert devices_section(comparison, verdict) is None
    assert device_lines(comparison, verdict) == []
    assert device_sentence(comparison) == ""
    assert "devices" not in Page(render_page(comparison, verdict)).identifiers


def test_the_device_of_a_run_on_one() -> None:
    comparison, verdict = make_run(limits={"device": ("cuda",)})
    comparison = replace(comparison, environment={"device": ["cuda: Some GPU"]})
    assert devices_section(comparison, verdict) is None
    sentence = "Networks were trained and timed on cuda (Some GPU); baselines run on the processor."
    words = Page(render_page(comparison, verdict)).words
    assert sentence in words["costs"]
    assert "but for last digits" in words["reproduce"]
    assert sentence in terminal_text(comparison, verdict)


def test_every_device_has_its_costs_and_its_choice() -> None:
    comparison, verdict = on_two()
    section = devices_section(comparison, verdict)
    assert section is not None
    fastest = "As measured, on cuda the LSTM trains fastest (0.800 ms a step), the GRU answers fastest (0.300 ms at batch 1)."
    assert section.paragraphs[0] == SENTENCE
    assert fastest in section.paragraphs
    (table,) = section.blocks
    rows = table.rows  # type: ignore[union-attr]
    assert ("One training step", "cuda (Some GPU)", "0.900 ms", "0.800 ms") in rows
    assert ("Latency, batch of 32", "cuda (Some GPU)", "0.600 ms", "0.800 ms") in rows
    assert [row[1] for row in rows] == ["cpu", "cuda (Some GPU)"] * 4
    shown = terminal_text(comparison, verdict)
    assert SENTENCE in shown and fastest in shown
    words = Page(render_page(comparison, verdict)).words["devices"]
    assert SENTENCE in words and "The replicates were trained on cpu, whose costs decide." in words


def test_a_device_that_there_was_no_time_for() -> None:
    section = devices_section(*on_two(measured=False))
    assert section is not None
    assert section.paragraphs == ("There was no time to measure costs on cuda.",)
    assert not section.blocks
