"""Guests that are not ours, from `run` to the report: undeclared calls, and a server that freezes under load."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shop

pytestmark = pytest.mark.timeout(300)

STRANGER = """\
version: 1
name: stranger
stack: {{compose: {compose}}}
load: {{rate: 60/s, arrivals: even, deadline: 2s, warmup: 1s, flows: {{shop: {{service: shop, get: /}}}}}}
steady: {{for: 5s, expect: {{shop: {{availability: ">= 90%"}}}}}}
timeline:
  - {{phase: gone, at: 0s, for: 6s, faults: [{{id: far, on: hinterland, how: isolate}}]}}
  - {{phase: after, for: 5s}}
expect: {{shop: {{availability: "<= 10%", phases: [gone]}}}}
"""


@pytest.fixture
def outside():
    """A container that belongs to nobody's project, listening on port 9000."""
    image = subprocess.run(
        ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "regionfall/border"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[0]
    name = f"outsider-{os.getpid()}"
    subprocess.run(
        ["docker", "run", "-d", "--rm", "--name", name, "--entrypoint", "python3", image, "-m", "http.server", "9000"],
        capture_output=True, check=True,
    )  # fmt: skip
    try:
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        found = subprocess.run(["docker", "inspect", "-f", form, name], capture_output=True, text=True, check=True)
        yield name, found.stdout.strip()
    finally:
        subprocess.run(["docker", "kill", name], capture_output=True, check=False)


def test_a_guest_that_is_not_ours_is_started_faulted_and_judged_and_its_undeclared_calls_are_named(tmp_path, outside):
    name, address = outside
    shell = shop.Shell(tmp_path, OUTSIDE=address)
    shell.write("stranger.chaos.yaml", STRANGER.format(compose=shop.GUESTS / "stranger" / "compose.yaml"))
    answer = shell.run("stranger.chaos.yaml")
    assert answer.code == 0, answer.reasons + answer.err
    far = answer.injection("far")
    assert far["effect"]["proved"] and far["edges"] == ["shop->stock:9000"]
    blocked = "\n".join(answer.verdict["blocked"])
    assert "shop -> ledger:7000" in blocked and f"shop -> {name}:9000" in blocked
    page = (shell.latest / "report.html").read_text()
    assert "ledger:7000" in page and f"{name}:9000" in page
    left = subprocess.run(
        ["docker", "ps", "-aq", "--filter", f"label=regionfall.home={tmp_path / '.regionfall'}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert left.stdout == ""


SERVER = """\
import selectors, socket

ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
watch = selectors.DefaultSelector()
door = socket.create_server(("0.0.0.0", 8080), backlog=1024)
watch.register(door, selectors.EVENT_READ)

def answer(line, asked):
    try:
        data = line.recv(65536)
        asked += data
        if end := asked.rfind(b"\\r\\n\\r\\n") + 1:
            line.sendall(ANSWER * asked.count(b"\\r\\n\\r\\n"))
            del asked[:end + 3]
    except ConnectionError:
        data = b""
    if not data:
        watch.unregister(line)
        line.close()

while True:
    for key, _ in watch.select():
        if key.fileobj is door:
            watch.register(door.accept()[0], selectors.EVENT_READ, bytearray())
        else:
            answer(key.fileobj, key.data)
"""
"""Takes one connection, then answers: asyncio takes all that wait first, and the oldest request waits for that too."""
FROZEN_COMPOSE = """\
name: frozen
services:
  server:
    image: ${{REGIONFALL_BASE:-debian:bookworm-slim}}
    command: [python3, -c, "{code}"]
    labels: {{regionfall.region: east, regionfall.entry: 8080/http}}
"""
FROZEN = """\
version: 1
name: frozen
stack: {compose: compose.yaml}
load: {rate: 200/s, arrivals: even, deadline: 10s, warmup: 1s, slots: 2000, flows: {server: {service: server, get: /}}}
steady: {for: 5s, expect: {server: {availability: ">= 90%"}}}
timeline: [{phase: frozen, at: 0s, for: 15s}]
expect: {server: {availability: ">= 95%", phases: [frozen]}}
"""


def test_a_server_frozen_for_three_of_fifteen_seconds_shows_the_p99_that_arithmetic_says(tmp_path):
    shell = shop.Shell(tmp_path)
    code = SERVER.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    shell.write("compose.yaml", FROZEN_COMPOSE.format(code=code))
    shell.write("frozen.chaos.yaml", FROZEN)
    process = shell.start("run", "frozen.chaos.yaml", "--json")

    def begun() -> bool:
        runs = tmp_path / ".regionfall" / "runs"
        events = [e for folder in runs.iterdir() for e in shell.events(folder)] if runs.is_dir() else []
        return any(e["event"] == "phase_started" and e["phase"] == "frozen" for e in events)

    shop.wait_for(begun, 120)
    time.sleep(2.0)
    form = [
        "docker",
        "ps",
        "-q",
        "--filter",
        f"label=regionfall.home={tmp_path / '.regionfall'}",
        "--filter",
        "label=regionfall.part=guest",
    ]
    container = subprocess.run(form, capture_output=True, text=True, check=True).stdout.split()[0]
    pid = int(
        subprocess.run(
            ["docker", "inspect", "-f", "{{.State.Pid}}", container], capture_output=True, text=True, check=True
        ).stdout
    )
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    server = int(children[0]) if children else pid
    frozen = time.monotonic()
    os.kill(server, signal.SIGSTOP)
    time.sleep(max(0.0, 3.0 - (time.monotonic() - frozen)))
    os.kill(server, signal.SIGCONT)
    held = time.monotonic() - frozen
    out, err = process.communicate(timeout=180)
    verdict = json.loads(out)
    assert verdict["load"]["offered"] == verdict["load"]["rows"] and verdict["load"]["no_slot"] == 0, err
    import sqlite3

    with sqlite3.connect(f"file:{tmp_path}/.regionfall/latest/samples.sqlite?mode=ro", uri=True) as store:
        rows = store.execute(
            "select latency_us from samples s join phases p on s.due_us >= p.start_us and s.due_us < p.end_us"
            " where p.name = 'frozen' order by latency_us"
        ).fetchall()
    p99 = rows[int(len(rows) * 0.99 + 0.999999) - 1][0] / 1e6
    truth = held - 0.01 * 15  # the last 1 % of all arrivals are those due in the first 150 ms of the freeze
    assert len(rows) == 3000
    assert abs(p99 - truth) <= 0.03 * truth, (p99, truth)
