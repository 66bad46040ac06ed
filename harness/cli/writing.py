"""Files that an option asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.model.errors import UsageError


def written(path: Path, text: str, *, option: str = "--save") -> None:
    """Write an experiment file; one that is there already is only kept when it says the same. UsageError otherwise."""
    try:
        if path.exists():
            if path.read_text(encoding="utf-8") != text:
                raise UsageError(f"{option} {path}: this file exists and says something else; name another one")
            return
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}; name a file that can be written") from error


@contextmanager
def unwritable(option: str, path: Path) -> Iterator[None]:
    """UsageError that names the option for a file that cannot be written."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}; name a file that can be written") from error
