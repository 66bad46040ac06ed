"""An engine of our own, in a network namespace of its own: it may be restarted and hurt; one found running may not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class OwnEngine:
    """A Docker Engine below one folder. `host` is what DOCKER_HOST takes; `far` the same over TCP, where wished for."""

    def __init__(self, folder: Path, far: str = "") -> None:
        self.far = far
        self.folder, self.namespace = folder, f"rfe{uuid.uuid4().hex[:6]}"
        self.host = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        # Not `ip netns exec`: that remounts /sys and hides the control groups from the engine.
        words = ["nsenter", f"--net=/run/netns/{self.namespace}", "dockerd", "--host", self.host]
        words += ["--host", self.far, "--tls=false"] if self.far else []
        for name in ("data-root", "exec-root"):
            words += [f"--{name}", str(self.folder / name)]
        words += ["--pidfile", str(self.folder / "pid")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while self.docker("version", check=False).returncode:
            assert self._process.poll() is None and time.monotonic() < end, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.2)

    def stop(self) -> None:
        """End it in order; its containers end with it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=60)

    def docker(self, *words: str, check: bool = True, **more: object) -> subprocess.CompletedProcess[bytes]:
        """The docker command against this engine."""
        return subprocess.run(["docker", "-H", self.host, *words], check=check, capture_output=True, **more)  # type: ignore[call-overload,no-any-return]

    def take(self, images: Sequence[str]) -> None:
        """Copy images from the engine that is there."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            self.docker("load", stdin=saved.stdout)
        assert saved.returncode == 0


def refusal() -> str:
    """Why no engine can be started here; '' if one can."""
    if os.environ.get("REGIONFALL_OWN_ENGINE") != "1":
        return "an engine found running is never hurt; REGIONFALL_OWN_ENGINE=1 starts one for these cases (make crash)"
    missing = [name for name in ("dockerd", "nsenter", "ip") if shutil.which(name) is None]
    return f"needs root and {', '.join(missing)}" if missing or os.geteuid() != 0 else ""


HERE, THERE = "198.18.255.1", "198.18.255.2"
"""Both ends of the wire to an engine that is on another host, as far as it can tell."""


@contextmanager
def own_engine(folder: Path, *, over_tcp: bool = False) -> Iterator[OwnEngine]:
    """Started and empty; gone at the end with everything in it. `over_tcp`: also reached like one on another host."""
    engine = OwnEngine(folder, f"tcp://{THERE}:2375" if over_tcp else "")
    subprocess.run(["ip", "netns", "add", engine.namespace], check=True)
    try:
        subprocess.run(["ip", "-n", engine.namespace, "link", "set", "lo", "up"], check=True)
        if over_tcp:
            _wired(engine.namespace)
        engine.start()
        try:
            yield engine
        finally:
            engine.stop()
    finally:
        subprocess.run(["ip", "netns", "del", engine.namespace], check=True)


def _wired(namespace: str) -> None:
    """A wire between this machine and a namespace; it goes with the namespace."""
    near, far = f"{namespace}a", f"{namespace}b"
    for words in (
        ["link", "add", near, "type", "veth", "peer", "name", far, "netns", namespace],
        ["addr", "add", f"{HERE}/30", "dev", near],
        ["link", "set", near, "up"],
        ["-n", namespace, "addr", "add", f"{THERE}/30", "dev", far],
        ["-n", namespace, "link", "set", far, "up"],
    ):
        subprocess.run(["ip", *words], check=True)


def shim_of(pid: int) -> int:
    """The process that holds a container, from its first process."""
    parent = int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[1])
    assert "containerd-shim" in Path(f"/proc/{parent}/cmdline").read_text(encoding="utf-8", errors="replace")
    return parent
