"""Global options, accepted before and after the command; every one also as REGIONFALL_<OPTION>."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.model.errors import UsageError

VALUED = {
    "-f": "file",
    "--file": "file",
    "-p": "project_name",
    "--project-name": "project_name",
    "--run-dir": "run_dir",
}
SWITCHES = {
    "--json": "json",
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
    "--no-color": "no_color",
}
ALLOW_HOST = "Let steps (`do: {host: …}`) run commands on this machine."
EPILOG = (
    "Everywhere: -f/--file FILE  -p/--project-name NAME  --run-dir DIR  --json  -q  -v  --no-color "
    "(each also as REGIONFALL_<OPTION>)"
)


@dataclass(slots=True)
class Globals:
    """What stands before or after any command."""

    file: list[str] = field(default_factory=list)
    project_name: str | None = None
    run_dir: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """Compose files named with -f, as absolute paths."""
        return tuple(Path(name).absolute() for name in self.file)


def split_globals(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> tuple[Globals, list[str]]:
    """Take the global options out of `argv`, wherever they stand (not after `--`); the rest goes to the command."""
    found = _from_environ(environ)
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            return found, [*rest, word, *words]
        name, equals, value = word.partition("=")
        if name in VALUED and (equals or name == word):
            _set(found, VALUED[name], value if equals else _value(name, next(words, None)))
        elif word in SWITCHES:
            setattr(found, SWITCHES[word], True)
        else:
            rest.append(word)
    return found, rest


def _value(option: str, word: str | None) -> str:
    if word is None or (word.startswith("-") and word != "-"):
        raise UsageError(f"option {option} needs a value, e.g. {option} compose.yaml")
    return word


def _set(found: Globals, name: str, value: str) -> None:
    if name == "file":
        found.file.append(value)
    else:
        setattr(found, name, value)


def _from_environ(environ: Mapping[str, str]) -> Globals:
    def truth(name: str) -> bool:
        return environ.get(name, "").lower() in ("1", "true", "yes", "on")

    return Globals(
        file=[part for part in environ.get("REGIONFALL_FILE", "").split(os.pathsep) if part],
        project_name=environ.get("REGIONFALL_PROJECT_NAME") or None,
        run_dir=environ.get("REGIONFALL_RUN_DIR") or None,
        json=truth("REGIONFALL_JSON"),
        quiet=truth("REGIONFALL_QUIET"),
        verbose=truth("REGIONFALL_VERBOSE"),
        no_color=truth("REGIONFALL_NO_COLOR") or bool(environ.get("NO_COLOR")),
    )
