"""The way to the Docker Engine: the SDK client, and `docker compose` as a subprocess with a deadline."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
from docker.context import ContextAPI
from docker.errors import DockerException

from harness.cluster.cache import cache_folder
from harness.model.errors import ClusterError

COMPOSE_FLOOR = (2, 20)
BASE_VARIABLE = "REGIONFALL_BASE"
_TAIL_LINES = 15
_KILL_GRACE_S = 10.0


def connect(*, timeout_s: float = 60.0) -> docker.DockerClient:
    """A client of the engine that `DOCKER_HOST`, `DOCKER_CONTEXT` or the current context names; it has just answered.

    `timeout_s` bounds every later call's wait for bytes. Whoever asks for the same engine gets the same client: one
    that is dropped leaves sockets to the garbage collector, which complains. Raises ClusterError with the next step.
    """
    try:
        client = _client(timeout_s)
        client.ping()
    except (DockerException, OSError, ValueError) as error:
        raise ClusterError(
            f"Docker Engine at {_engine_name()} does not answer: {_first_line(error)}\n"
            "  next: start it (`make setup` does, on Debian as root), or point DOCKER_HOST at a running one;"
            " then `regionfall doctor`"
        ) from error
    return client


def _client(timeout_s: float) -> docker.DockerClient:
    host = os.environ.get("DOCKER_HOST", "")
    context = None if host else ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT") or None)
    if not host and context is None:
        raise ValueError(
            f"there is no context named {os.environ.get('DOCKER_CONTEXT')!r} (`docker context ls` lists them)"
        )
    tls = tuple(os.environ.get(name, "") for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"))
    key = (os.getpid(), host, context.Name if context else "", str(context.Host) if context else "", tls, timeout_s)
    with _LOCK:
        if key not in _CLIENTS:
            _CLIENTS[key] = _made(host, context, timeout_s)
        return _CLIENTS[key]


_CLIENTS: dict[object, docker.DockerClient] = {}
_LOCK = threading.Lock()


def _made(host: str, context: Any, timeout_s: float) -> docker.DockerClient:
    if host:
        return docker.DockerClient.from_env(timeout=int(timeout_s), use_ssh_client=host.startswith("ssh://"))
    if context.Name == "default":
        return docker.DockerClient.from_env(timeout=int(timeout_s))
    host = str(context.Host)
    return docker.DockerClient(
        base_url=host, tls=context.TLSConfig or False, timeout=int(timeout_s), use_ssh_client=host.startswith("ssh://")
    )


def _engine_name() -> str:
    host, context = os.environ.get("DOCKER_HOST"), os.environ.get("DOCKER_CONTEXT")
    return f"DOCKER_HOST={host}" if host else f"context {context!r}" if context else "its default address"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def compose(
    args: Sequence[str],
    *,
    directory: Path,
    environ: Mapping[str, str] | None = None,
    timeout_s: float = 600.0,
    base: str | None = None,
    stdin: str | None = None,
) -> str:
    """Run `docker compose ARGS` in `directory` and return what it wrote to standard output.

    `environ` is laid over this process's environment; `base` (an image) is handed over as `REGIONFALL_BASE`.
    Raises ClusterError with the command, its code and the last lines it wrote, also when it outlives `timeout_s`.
    """
    command = [*compose_command(), *args]
    environment = {**os.environ, **(environ or {})}
    if base is not None:
        environment[BASE_VARIABLE] = base
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ClusterError(f"cannot run {shlex.join(command)} in {directory}: {error}") from error
    try:
        out, err = process.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        out, err = _end(process)
        raise ClusterError(_failure(command, f"did not end within {timeout_s:g} s", out, err)) from error
    except BaseException:
        _end(process)
        raise
    if process.returncode != 0:
        raise ClusterError(_failure(command, f"ended with code {process.returncode}", out, err))
    return out


def _end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """End the command with everything it started: first politely, so that Compose can cancel its calls."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_KILL_GRACE_S)
    return "", ""


def _failure(command: Sequence[str], what: str, out: str, err: str) -> str:
    lines = (err.strip() or out.strip()).splitlines()[-_TAIL_LINES:]
    tail = "".join(f"\n  | {line}" for line in lines)
    return f"{shlex.join(command)}\n  {what}{tail}"


@functools.cache
def compose_command() -> tuple[str, ...]:
    """How Compose v2 is called here: `docker compose`, else the plugin in our cache, else a v2 `docker-compose`."""
    candidates: list[tuple[str, ...]] = []
    if shutil.which("docker"):
        candidates.append(("docker", "compose"))
    candidates.append((str(cached_plugin()),))
    if shutil.which("docker-compose"):
        candidates.append(("docker-compose",))
    seen = [f"{shlex.join(command)}: {text}" for command in candidates if (text := _refusal(command))]
    for command in candidates:
        if not _refusal(command):
            return command
    floor = ".".join(map(str, COMPOSE_FLOOR))
    raise ClusterError(
        f"Docker Compose {floor} or newer was not found ({'; '.join(seen)})\n"
        "  next: `make setup` fetches it on Debian; elsewhere install docker-compose-v2 (or docker-compose-plugin)"
    )


def cached_plugin() -> Path:
    """Where set-up leaves a Compose plugin when it may not write to the system's folders."""
    return cache_folder() / "cli-plugins" / "docker-compose"


def compose_version(command: Sequence[str]) -> tuple[int, ...]:
    """The version that this Compose command reports, e.g. (2, 26, 1); () when it cannot be run."""
    try:
        done = subprocess.run(
            [*command, "version", "--short"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    digits = done.stdout.strip().lstrip("v").split("-")[0].split("+")[0].split(".")
    return tuple(int(part) for part in digits if part.isdigit()) if done.returncode == 0 else ()


@functools.cache
def _refusal(command: tuple[str, ...]) -> str:
    version = compose_version(command)
    if not version:
        return "not there"
    return "" if version >= COMPOSE_FLOOR else f"version {'.'.join(map(str, version))} is too old"
