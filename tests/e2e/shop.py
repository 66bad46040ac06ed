"""The command on a small stranger's stack, as a person in a shell uses it: text in, exit code, files and JSON out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GUESTS = Path(__file__).parents[1] / "guests"
COMMAND = (sys.executable, "-m", "harness")

LABELS = """\
services:
  orders: {labels: {regionfall.calls: "web:8080"}}
"""
"""An overlay that holds labels only: one more dependency, which nobody uses."""


@dataclass
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str
    verdict: dict[str, Any] = field(default_factory=dict)

    @property
    def reasons(self) -> str:
        """All reasons of the verdict in one text."""
        return "\n".join(self.verdict.get("reasons", ()))

    def finding(self, start: str) -> dict[str, Any]:
        """The one objective whose name begins like this."""
        (found,) = [f for f in self.verdict["findings"] if f["kind"] == "objective" and f["name"].startswith(start)]
        return found

    def injection(self, name: str) -> dict[str, Any]:
        """One injection of the verdict."""
        (found,) = [i for i in self.verdict["injections"] if i["id"] == name]
        return found


class Shell:
    """A working directory; every command runs in it."""

    def __init__(self, directory: Path, **environ: str) -> None:
        self.directory = directory
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(("REGIONFALL_", "COMPOSE_"))} | environ

    def __call__(self, *words: str, timeout: float = 240.0) -> Answer:
        done = subprocess.run(
            [*COMMAND, *words], cwd=self.directory, env=self.environ, capture_output=True, text=True,
            timeout=timeout, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    def run(self, *words: str, timeout: float = 240.0) -> Answer:
        """`regionfall run … --json`, with the verdict read from stdout."""
        answer = self("run", *words, "--json", timeout=timeout)
        if answer.out.strip():
            answer.verdict = json.loads(answer.out)
        return answer

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and go on; the caller waits for it or ends it."""
        return subprocess.Popen(
            [*COMMAND, *words], cwd=self.directory, env=self.environ, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def write(self, name: str, text: str) -> Path:
        """A file in the working directory."""
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def latest(self) -> Path:
        """The newest run folder."""
        return (self.directory / ".regionfall" / "latest").resolve()

    def events(self, folder: Path | None = None) -> list[dict[str, Any]]:
        """The journal of a run so far."""
        path = (folder or self.latest) / "events.ndjson"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("}")]


def wait_for(condition: Any, timeout: float = 60.0, every: float = 0.05) -> Any:
    """What `condition()` answers as soon as it is true; AssertionError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {timeout} s: {condition}")


def holding(shell: Shell, injection: str, known: set[Path]) -> Path | None:
    """The run folder of a run not in `known` whose journal says that `injection` holds."""
    runs = shell.directory / ".regionfall" / "runs"
    for folder in set(runs.iterdir()) - known if runs.is_dir() else ():
        if any(e["event"] == "injection_holding" and e["injection"] == injection for e in shell.events(folder)):
            return folder
    return None


def status_of(url: str, timeout: float = 3.0) -> int:
    """HTTP status of one request from the host to a published port of 127.0.0.1; 0 for no answer."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def end(process: subprocess.Popen[str], number: int = signal.SIGKILL) -> tuple[str, str]:
    """Send a signal and collect what the process said."""
    process.send_signal(number)
    return process.communicate(timeout=120)


def experiment(faults: str, *, expect: str = 'shop: {availability: ">= 50%", phases: [after]}', extra: str = "") -> str:
    """An experiment on the shop: 1 s warm-up, 5 s steady, 6 s of `faults`, 3 s after; 60 requests a second."""
    return f"""\
version: 1
name: shop
stack: {{compose: [{GUESTS / "two-services" / "compose.yaml"}, labels.yaml]}}
load:
  rate: 60/s
  arrivals: even
  deadline: 2s
  warmup: 1s
  flows: {{shop: {{service: web, get: /}}}}
steady: {{for: 5s, expect: {{shop: {{availability: ">= 90%"}}}}}}
timeline:
  - phase: gone
    at: 0s
    for: 6s
    faults: [{faults}]
  - {{phase: after, for: 3s}}
expect:
  {expect}
{extra}"""
