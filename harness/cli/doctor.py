"""What this machine offers and lacks, each with its fix. Changes nothing; one throw-away container is started."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

import harness
from harness.cluster.cluster import standing_clusters
from harness.cluster.engine import COMPOSE_FLOOR, compose_command, compose_version, connect
from harness.cluster.images import expected_images, missing_images
from harness.model.errors import HarnessError
from harness.wiring.hand.place import live_hands
from harness.wiring.standing import asked, live_runs

ENGINE_FLOOR = (20, 10)
DISK_FLOOR_GB = 3.0
MEMORY_FLOOR_GB = 3.0
CPU_FLOOR = 2
CLOCK_TOLERANCE_S = 2.0
CHART_FILES = ("uPlot.iife.min.js", "uPlot.min.css")

PROBE = """
nft -f - <<'RULES' && echo nft
table ip probe {
  set cut {
    type ipv4_addr . inet_service; flags timeout; elements = { 198.19.0.1 . 80 timeout 5s }
  }
  set seen {
    type ipv4_addr . inet_service; size 1024; flags dynamic; counter;
  }
  chain in {
    type filter hook input priority 0;
    ip daddr . tcp dport @cut drop
    update @seen { ip daddr . tcp dport }
    tcp dport 81 numgen inc mod 100 < 35 reject with tcp reset
  }
  chain nat {
    type nat hook prerouting priority -100;
    ip daddr 198.19.128.1 tcp dport 80 dnat to 127.0.0.1:81
  }
}
RULES
ip route add local 198.19.0.0/17 dev lo && echo local-route
toxiproxy-server -version
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `fix` is what to do when it is not `ok`, empty otherwise."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def examine() -> list[Check]:
    """Every check, most basic first; what needs a missing engine is left out. Never raises for what it looks at."""
    checks = [_report()]
    try:
        client = connect(timeout_s=20)
        info = client.info()
    except (HarnessError, DockerException, RequestException) as error:
        detail, _, fix = str(error).partition("\n  next: ")
        return [Check("engine", False, detail, fix or "start Docker Engine and try again"), _compose(), *checks]
    looks: dict[str, Callable[[], Check]] = {
        "engine": lambda: _engine(info),
        "compose": _compose,
        "capacity": lambda: _capacity(info),
        "disk": lambda: _disk(info),
        "clock": lambda: _clock(client),
        "images": lambda: _images(client),
        "kernel": lambda: _kernel(client),
        "faults": _faults,
        "leftovers": lambda: _leftovers(client),
    }
    return [*(_guarded(name, look) for name, look in looks.items()), *checks]


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except (HarnessError, DockerException, RequestException, OSError) as error:
        return Check(name, False, str(error), "mend what the message names and try again")


def _engine(info: dict[str, Any]) -> Check:
    version = str(info.get("ServerVersion", ""))
    numbers = tuple(int(part) for part in version.split("+")[0].split("-")[0].split(".")[:2] if part.isdigit())
    detail = f"Docker Engine {version}, {info.get('OSType')}/{info.get('Architecture')}"
    good = numbers >= ENGINE_FLOOR and info.get("OSType") == "linux"
    return Check(
        "engine", good, detail, "" if good else f"Linux containers on Docker Engine {_dotted(ENGINE_FLOOR)} or newer"
    )


def _compose() -> Check:
    try:
        command = compose_command()
    except HarnessError as error:
        detail, _, fix = str(error).partition("\n  next: ")
        return Check("compose", False, detail, fix)
    return Check("compose", True, f"{_dotted(compose_version(command))} (at least {_dotted(COMPOSE_FLOOR)})")


def _capacity(info: dict[str, Any]) -> Check:
    cpus, memory_gb = int(info.get("NCPU", 0)), int(info.get("MemTotal", 0)) / 1e9
    good = cpus >= CPU_FLOOR and memory_gb >= MEMORY_FLOOR_GB
    fix = (
        ""
        if good
        else f"give the engine {CPU_FLOOR} processors and {MEMORY_FLOOR_GB:g} GB of memory, or use a smaller stack"
    )
    return Check("capacity", good, f"{cpus} processors, {memory_gb:.1f} GB of memory", fix)


def _disk(info: dict[str, Any]) -> Check:
    root = Path(str(info.get("DockerRootDir", "")))
    if os.environ.get("DOCKER_HOST", "unix://").startswith("unix://") and root.exists():
        free_gb = shutil.disk_usage(root).free / 1e9
        good = free_gb >= DISK_FLOOR_GB
        fix = "" if good else f"free {DISK_FLOOR_GB - free_gb:.1f} GB, for instance with `docker image prune`"
        return Check("disk", good, f"{free_gb:.1f} GB free in {root}", fix)
    return Check("disk", True, f"{root} is not on this machine: not looked at")


def _clock(client: docker.DockerClient) -> Check:
    text = str(client.info().get("SystemTime", ""))
    now = time.time()
    try:
        apart_s = abs(datetime.fromisoformat(text).timestamp() - now)
    except ValueError:
        return Check("clock", True, f"the engine tells no time that can be read ({text!r})")
    good = apart_s <= CLOCK_TOLERANCE_S
    return Check("clock", good, f"{apart_s:.1f} s between the engine and here", "" if good else "set both clocks (NTP)")


def _images(client: docker.DockerClient) -> Check:
    missing = missing_images(client)
    if not missing:
        return Check("images", True, f"{expected_images(client).border} and what belongs to it are there")
    return Check(
        "images", False, f"{', '.join(missing)} not built yet", "`regionfall up` builds them; so does `make setup`"
    )


def _kernel(client: docker.DockerClient) -> Check:
    if missing_images(client):
        return Check("kernel", False, "not looked at: the images are not built yet", "build the images first")
    output: bytes = client.containers.run(
        expected_images(client).border, ["-c", PROBE], entrypoint="sh", cap_add=["NET_ADMIN"], network_mode="none",
        remove=True, stdout=True, stderr=True, labels={"regionfall.run": "doctor", "regionfall.part": "doctor"},
    )  # fmt: skip
    text = output.decode(errors="replace")
    lacking = [word for word in ("nft", "local-route", "toxiproxy-server version") if word not in text]
    if lacking:
        detail = f"{', '.join(lacking)} did not work: {text.strip()[-200:]}"
        return Check(
            "kernel", False, detail, "a Linux kernel with nftables (NAT, set timeouts, numgen) on the engine's host"
        )
    return Check("kernel", True, "packet filter, local routes and Toxiproxy work in a container")


def _faults() -> Check:
    holding: list[str] = []
    for cluster in standing_clusters(None):
        alive = {*live_runs(cluster.home), *live_hands(cluster.home)}
        with asked(cluster) as borders:
            for border in borders.values():
                entries = border.status().get("injections", ())
                holding += [str(entry["id"]) for entry in entries if entry["owner"] not in alive]
    if holding:
        names = ", ".join(sorted(set(holding)))
        return Check("faults", False, f"held by nobody who is alive: {names}", "`regionfall heal`")
    return Check("faults", True, "none left over")


def _leftovers(client: docker.DockerClient) -> Check:
    ours = client.api.containers(all=True, filters={"label": "regionfall.run"})
    left = sorted({f"{row['Labels'].get('regionfall.home', '?')}" for row in _stray(ours)})
    if left:
        return Check("leftovers", False, f"stopped containers of {', '.join(left)}", "`regionfall down` in that folder")
    return Check("leftovers", True, f"{len(ours)} containers of ours, all of them running")


def _stray(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Containers of ours that died while the rest of their project is gone too."""
    running = {row["Labels"].get("com.docker.compose.project") for row in rows if row["State"] == "running"}
    for row in rows:
        if row["State"] != "running" and row["Labels"].get("com.docker.compose.project") not in running:
            yield row


def _report() -> Check:
    folder = Path(harness.__file__).parent / "report" / "assets"
    missing = [name for name in CHART_FILES if not (folder / name).is_file()]
    fix = "`make setup` in a checkout; else install the wheel again" if missing else ""
    return Check("report", not missing, f"lacks {', '.join(missing)}" if missing else "chart library is there", fix)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
