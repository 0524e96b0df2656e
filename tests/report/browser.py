"""Headless Chromium for tests: the document as it is after layout."""

import html
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
NO_BROWSER = "needs Chromium on the PATH"
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--virtual-time-budget=5000",
)  # fmt: skip

# A page cannot measure itself, since it allows no scripts. The frame around it, of one origin with it, can.
MEASURE = """
const frame = document.querySelector("iframe");
frame.onload = () => {
  const page = frame.contentDocument;
  const texts = [...page.querySelectorAll("svg text")];
  const boxes = texts.map(text => ({text: text.textContent, box: text.getBoundingClientRect(), figure: text.ownerSVGElement}));
  const outside = boxes.filter(({box}) => box.left < 0 || box.right > frame.clientWidth).map(({text}) => text);
  const overlapping = [];
  boxes.forEach((one, index) => boxes.slice(index + 1).forEach(other => {
    const a = one.box, b = other.box;
    const across = a.left < b.right - 1 && b.left < a.right - 1, down = a.top < b.bottom - 3 && b.top < a.bottom - 3;
    if (one.figure === other.figure && across && down)
      overlapping.push(one.text + " / " + other.text);
  }));
  const result = {
    width: page.documentElement.scrollWidth,
    words: page.body.innerText,
    smallest: Math.min(...texts.map(text => parseFloat(page.defaultView.getComputedStyle(text).fontSize))),
    outside, overlapping,
  };
  document.querySelector("pre").textContent = JSON.stringify(result);
};
frame.srcdoc = document.querySelector("textarea").value;
"""


def dump(page: Path) -> str:
    """Return the document of a local page after its scripts ran; skips the test where there is no Chromium."""
    if CHROMIUM is None:
        pytest.skip(NO_BROWSER)
    with tempfile.TemporaryDirectory() as profile:
        command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def framed(page: str, width: int) -> str:
    """Return a document that shows a page in a frame of that width, and what it measures there as JSON in its `<pre>`."""
    frame = f'<iframe style="border:0;width:{width}px;height:9000px"></iframe>'
    return f"<!doctype html><body>{frame}<textarea>{html.escape(page)}</textarea><pre></pre><script>{MEASURE}</script>"
