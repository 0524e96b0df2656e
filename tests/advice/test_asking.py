"""Advice to a person without data: from recorded outcomes alone, and marked so."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from gatewise.advice.asking import QUESTIONS, advice_for
from tests.advice.made_up import DATA, study


def test_at_most_six_questions_each_with_choices() -> None:
    assert len(QUESTIONS) <= 6
    assert all(2 <= len(asked.choices) <= 8 for asked in QUESTIONS)


def test_studies_of_the_same_kind_are_louder() -> None:
    texts = [study(f"t{number}", "equivalent", data=replace(DATA, kind="text")) for number in range(5)]
    series = [study(f"s{number}", "second") for number in range(5)]
    of_texts, of_series = (advice_for({"kind": kind}, [*texts, *series]) for kind in ("text", "series"))
    assert (of_texts.answer, of_series.answer) == ("equivalent", "second")
    assert (of_texts.recommended, of_series.recommended) == ("gru", "lstm")
    assert of_texts.weaker
    assert "weaker" in of_texts.reasons[0]


def test_nothing_known_is_the_average() -> None:
    advice = advice_for({}, [study("a", "first"), study("b", "first"), study("c", "second")])
    found = {one.answer: one.probability for one in advice.ranked}
    assert found["first"] == pytest.approx(2 / 3)


def test_the_cheaper_cell_is_that_of_the_studies() -> None:
    slow = [replace(study("a", "equivalent"), costs={"training_step": 1.4, "latency": 0.7})]
    assert advice_for({"cost": "training"}, slow).recommended == "lstm"
    assert advice_for({"cost": "latency"}, slow).recommended == "gru"
    assert advice_for({"cost": "size"}, slow).recommended == "gru"


class Terminal:
    """`gatewise advise --ask` on a pseudo-terminal."""

    def __init__(self) -> None:
        parent, child = pty.openpty()
        environment = dict(os.environ, COLUMNS="80", TERM="xterm")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gatewise", "advise", "--ask"],
            stdin=child,
            stdout=child,
            stderr=child,
            env=environment,
            start_new_session=True,
        )
        os.close(child)
        self.parent = parent
        self.seen = ""

    def wait_for(self, text: str, times: int = 1) -> None:
        ends = time.monotonic() + 60
        while self.seen.count(text) < times:
            assert time.monotonic() < ends, self.seen
            if select.select([self.parent], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.parent, 4096).decode(errors="replace")
                except OSError:
                    assert self.seen.count(text) >= times, self.seen
                    return

    def type(self, text: str) -> None:
        os.write(self.parent, text.encode())

    def leave(self) -> int:
        code = self.process.wait(timeout=60)
        while select.select([self.parent], [], [], 0.2)[0]:
            try:
                piece = os.read(self.parent, 4096)
            except OSError:
                break
            if not piece:
                break
            self.seen += piece.decode(errors="replace")
        os.close(self.parent)
        return code


def test_a_person_is_asked_six_questions_on_a_terminal() -> None:
    terminal = Terminal()
    terminal.wait_for("1 of 6")
    terminal.wait_for("> ")
    terminal.type("two\r")
    terminal.wait_for("is no choice; type a number from 1 to 4")
    terminal.type("99\r")
    terminal.wait_for("is no choice", times=2)
    for number in range(1, 7):
        terminal.wait_for(f"{number} of 6")
        terminal.wait_for("> ", times=number + 2)
        terminal.type("1\r" if number != 3 else "4\r")
    assert terminal.leave() == 0
    assert "Start with the" in terminal.seen
    assert "nothing of your data was measured" in terminal.seen
    assert "Traceback" not in terminal.seen


def test_the_end_of_the_input_leaves_cleanly() -> None:
    terminal = Terminal()
    terminal.wait_for("> ")
    terminal.type("\x04")
    assert terminal.leave() == 2
    assert "the answers ended before the questions did" in " ".join(terminal.seen.split())
    assert "Traceback" not in terminal.seen


def test_an_interrupt_leaves_cleanly() -> None:
    terminal = Terminal()
    terminal.wait_for("> ")
    os.killpg(terminal.process.pid, signal.SIGINT)
    assert terminal.leave() == 130
    assert "interrupted" in terminal.seen
    assert "Traceback" not in terminal.seen
