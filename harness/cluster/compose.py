"""Reading a Compose project through `docker compose config`: which files it is made of, and what they add up to.

Only the Compose CLI implements Compose (merging, profiles, `extends`, `include`, interpolation). It needs no engine.
The answer is taken as YAML: the JSON form loses service-level `x-` keys.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from harness.cluster.engine import BASE_VARIABLE, compose_command
from harness.cluster.places import Places
from harness.model.errors import ClusterError, InvalidFile, Problem

BASE_TOKEN = "regionfall/base:this-release"
"""Stands where the user's file says `${REGIONFALL_BASE}` until the image's tag is known (`plan` builds no images)."""

_DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_OVERRIDES = (
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
)
_LINE = re.compile(r"\bline (\d+)")
_SERVICE = re.compile(r"services\.([\w.-]+?)(?:\.([\w-]+))?(?:[:\s]|$)")
_WARNING = re.compile(r'level=warning msg="(?P<text>.*)"\s*$')
_TIMEOUT_S = 60.0


def compose_files(files: Sequence[Path], directory: Path, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The project's files, absolute: those named, else `COMPOSE_FILE` (also from `.env`), else as Compose finds them.

    Files named explicitly get no override file added, as with `docker compose -f`. InvalidFile names what is missing.
    """
    if files:
        return _existing([_absolute(path, directory) for path in files])
    settings = {**_dot_env(directory), **environ}
    if settings.get("COMPOSE_FILE"):
        separator = settings.get("COMPOSE_PATH_SEPARATOR") or ":"
        names = [name for name in settings["COMPOSE_FILE"].split(separator) if name]
        return _existing([_absolute(Path(name), directory) for name in names])
    for folder in (directory.absolute(), *directory.absolute().parents):
        base = next((folder / name for name in _DEFAULTS if (folder / name).is_file()), None)
        if base is not None:
            override = next((folder / name for name in _OVERRIDES if (folder / name).is_file()), None)
            return (base, override) if override else (base,)
    raise InvalidFile(
        [
            Problem(
                str(directory / _DEFAULTS[0]),
                1,
                1,
                "there is no Compose file here or above; name one with -f FILE, or change into the project's folder",
            )
        ]
    )


def _absolute(path: Path, directory: Path) -> Path:
    return (directory / path).absolute()


def _existing(paths: list[Path]) -> tuple[Path, ...]:
    missing = [path for path in paths if not path.is_file()]
    if missing:
        text = "this Compose file does not exist; check the path after -f, in COMPOSE_FILE or under stack.compose"
        raise InvalidFile([Problem(str(path), 1, 1, text) for path in missing])
    return tuple(paths)


def _dot_env(directory: Path) -> dict[str, str]:
    """The `COMPOSE_*` settings of the project's `.env`; everything else in it is read by Compose itself."""
    try:
        lines = (directory / ".env").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.strip().removeprefix("export ").partition("=") for line in lines if "=" in line)
    return {key.strip(): value.strip().strip("'\"") for key, _, value in pairs if key.strip().startswith("COMPOSE_")}


def read_config(
    files: Sequence[Path],
    *,
    project: str | None,
    directory: Path,
    environ: Mapping[str, str],
    profiles: Sequence[str] = (),
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the files add up to, every `$` literal, and Compose's own warnings.

    Raises InvalidFile with Compose's message at the best place that it names; ClusterError without Compose v2.
    """
    args = [word for path in files for word in ("-f", str(path))]
    args += ["-p", project] if project else []
    args += [word for profile in profiles for word in ("--profile", profile)]
    command = [*compose_command(), *args, "config"]
    environment = {BASE_VARIABLE: BASE_TOKEN, **environ}
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"{' '.join(command)} in {directory}: {error}\n  next: `regionfall doctor`") from error
    if done.returncode != 0:
        raise InvalidFile([_problem(done.stderr, files)])
    config = unescaped(YAML(typ="safe", pure=True).load(done.stdout) or {})
    found = (_WARNING.search(line) for line in done.stderr.splitlines())
    warnings = (match["text"].replace('\\"', '"') for match in found if match)
    return config, tuple(dict.fromkeys(warnings))


def unescaped(value: Any) -> Any:
    """`config` doubles every literal `$` so that its output can be read again; this takes them back."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {key: unescaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unescaped(item) for item in value]
    return value


def _problem(stderr: str, files: Sequence[Path]) -> Problem:
    """Compose's message at the place that it names: its line, else the service or key it speaks of, else 1:1."""
    lines = [line for line in stderr.strip().splitlines() if not _WARNING.search(line)]
    message = " ".join(line.strip() for line in lines) or "docker compose config refused it without a word"
    file = next((path for path in files if str(path) in message), files[0])
    if line := _LINE.search(message):
        return Problem(str(file), int(line[1]), 1, message)
    if service := _SERVICE.search(message):
        path = ("services", service[1], *([service[2]] if service[2] else []))
        return Places(files).problem(path, message)
    quoted = re.search(r'service "([^"]+)"', message)
    return Places(files).problem(("services", quoted[1]) if quoted else (), message, fallback=file)
