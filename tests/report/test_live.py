"""Progress on a terminal and without one."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from rich.console import Console

from gatewise.records import Difference, Progress
from gatewise.report.live import LiveView, NullView, PlainView, view_for

DIFFERENCE = Difference("gru", "lstm", 0.004, (-0.003, 0.011), (-0.006, 0.014), 0.12, 0.85, 0.03, 5, "undecided")
PROGRESS = Progress("replicate 6: GRU, epoch 3", 5, None, 192.0, 600.0, 400.0, DIFFERENCE)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    with io.StringIO() as held:
        yield held


def _terminal(stream: io.StringIO) -> Console:
    return Console(file=stream, width=80, force_terminal=True, _environ={"TERM": "xterm"})


def _rendered(clock: Callable[[], float], progress: Progress, later: float = 0.0) -> str:
    console = Console(file=io.StringIO(), width=80)
    view = LiveView(console, clock=clock)
    view.update(progress)
    assert isinstance(clock, Clock)
    clock.now += later
    with console.capture() as capture:
        console.print(view._live.get_renderable())
    return capture.get()


def test_the_view_suits_the_console(stream: io.StringIO) -> None:
    assert isinstance(view_for(_terminal(stream)), LiveView)
    assert type(view_for(Console(file=stream))) is PlainView
    dumb = Console(file=stream, force_terminal=True, _environ={"TERM": "dumb"})
    assert type(view_for(dumb)) is PlainView


def test_live_view_shows_phase_replicates_time_and_probabilities() -> None:
    text = _rendered(Clock(), PROGRESS)
    for words in (
        "replicate 6: GRU, epoch 3",
        "5 replicates",
        "3 min 12 s of 10 min",
        "6 min 40 s left",
        "GRU better 12%",
        "equal 85%",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 80
    bar = next(line for line in text.splitlines() if line.startswith("█"))
    assert bar.count("█") == 7 and bar.count("▒") == 51 and bar.count("░") == 2


@pytest.mark.parametrize(
    ("decides", "words"), [(None, "until decided"), (259.0, "decides in about 4 min"), (900.0, "would decide in about 15 min")]
)
def test_live_view_says_when_it_is_expected_to_be_decided(decides: float | None, words: str) -> None:
    assert f"5 replicates, {words}" in _rendered(Clock(), replace(PROGRESS, decides_s=decides))


def test_live_view_counts_on_between_updates() -> None:
    text = _rendered(Clock(), PROGRESS, later=8.0)
    assert "3 min 20 s of 10 min" in text and "6 min 32 s left" in text


def test_live_view_without_budget_names_the_replicates_planned() -> None:
    planned = replace(PROGRESS, budget_s=None, remaining_s=None, replicates_planned=12, difference=None)
    text = _rendered(Clock(), planned)
    assert "5 of 12 replicates" in text and "left" not in text


def test_live_view_keeps_logged_lines_and_clears_itself(stream: io.StringIO) -> None:
    with LiveView(_terminal(stream)) as view:
        view.update(PROGRESS)
        view.log("tuned the GRU [8 trials]")
    assert "tuned the GRU [8 trials]" in stream.getvalue()
    assert "\x1b[2K" in stream.getvalue()


def test_live_view_leaves_the_terminal_usable_after_an_error(stream: io.StringIO) -> None:
    with pytest.raises(KeyboardInterrupt), LiveView(_terminal(stream)) as view:
        view.update(PROGRESS)
        raise KeyboardInterrupt
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_plain_view_prints_one_line_a_replicate_and_a_heartbeat(stream: io.StringIO) -> None:
    clock = Clock()
    with PlainView(Console(file=stream, width=80), clock=clock) as view:
        view.update(PROGRESS)
        view.update(replace(PROGRESS, phase="replicate 6: GRU, epoch 4"))
        view.update(replace(PROGRESS, phase="replicate 7: GRU, epoch 1", replicates_done=6))
        clock.now += 16
        view.update(replace(PROGRESS, phase="replicate 7: GRU, epoch 9", replicates_done=6))
    lines = stream.getvalue().splitlines()
    assert [line.split(" · ")[0] for line in lines] == [
        "replicate 6: GRU, epoch 3",
        "replicate 7: GRU, epoch 1",
        "replicate 7: GRU, epoch 9",
    ]
    assert "3 min 12 s of 10 min" in lines[0] and "GRU better 12%, practically equal 85%, LSTM better 3%" in lines[0]


def test_plain_view_has_no_control_codes_and_one_line_an_event(stream: io.StringIO) -> None:
    with PlainView(Console(file=stream, width=40)) as view:
        view.log("read \x1b[31mred\x1b[0m\r\nand a line that is far longer than forty columns are wide [bold]")
        view.update(PROGRESS)
    text = stream.getvalue()
    assert len(text.splitlines()) == 2
    assert not [character for character in text if ord(character) < 32 and character != "\n"]
    assert "wide [bold]" in text


def test_null_view_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with NullView() as view:
        view.update(PROGRESS)
        view.log("anything")
    assert capfd.readouterr() == ("", "")
