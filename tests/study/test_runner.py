"""Training processes: begun before they are needed, ended with the program, deaf to signals meant for their parent."""

import subprocess
import sys

import pytest

from gatewise.study.processes import METHOD

pytestmark = pytest.mark.skipif(METHOD != "forkserver", reason="processes are forked on Linux only")


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a session of its own, so that signals to its process group reach nobody else."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, start_new_session=True, timeout=120
    )


def test_a_program_that_ends_takes_the_loading_process_with_it() -> None:
    done = run(
        "import multiprocessing.forkserver as server, os, pathlib\n"
        "from gatewise.study.processes import end_processes, prepare_processes\n"
        "end_processes()\n"
        "prepare_processes(1)\n"
        "assert server._forkserver._forkserver_pid is None\n"
        "prepare_processes(2)\n"
        "prepare_processes(2)\n"
        "process = server._forkserver._forkserver_pid\n"
        "end_processes()\n"
        "os.waitpid(process, 0)\n"
        "end_processes()\n"
        "print('ended')\n"
    )
    assert (done.stdout, done.stderr) == ("ended\n", "")


def test_an_interrupt_while_processes_load_is_for_the_parent_alone() -> None:
    done = run(
        "import os, signal, time\n"
        "from gatewise.study.processes import prepare_processes\n"
        "from gatewise.study.runner import Runner\n"
        "signal.signal(signal.SIGINT, lambda *_: print('heard', flush=True))\n"
        "prepare_processes(2)\n"
        "for _ in range(20):\n"
        "    os.killpg(0, signal.SIGINT)\n"
        "    time.sleep(0.05)\n"
        "print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))\n"
    )
    assert done.stderr == ""
    assert set(done.stdout.split()) == {"heard", "False"}


def test_an_interrupt_leaves_no_process_at_work() -> None:
    done = run(
        "import signal\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from gatewise.interrupts import SignalReceived, interruptible, listen\n"
        "from gatewise.study.processes import kill_processes\n"
        "class Process:\n"
        "    def __init__(self, does): self.does = does\n"
        "    def kill(self): print(self.does())\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "listen()\n"
        "executor = ProcessPoolExecutor(1)\n"
        "executor._processes = {1: Process(lambda: signal.raise_signal(signal.SIGTERM)), 2: Process(lambda: 'second')}\n"
        "try:\n"
        "    with interruptible(): kill_processes(executor)\n"
        "except SignalReceived: print('interrupted')\n"
    )
    assert (done.stdout, done.stderr) == ("None\nsecond\ninterrupted\n", "")
