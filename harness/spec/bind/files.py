"""Files that an experiment names: they lie beside it or below, also when links are followed."""

from __future__ import annotations

from pathlib import Path as FilePath

from harness.spec.bind.binding import Binding
from harness.spec.document.places import Path
from harness.spec.durations import shown


def beside(b: Binding, path: Path, name: str, suffix: str) -> FilePath | None:
    """The file called `name`, seen from the experiment's folder; None with a problem if it is not one of its files."""
    folder = b.folder.resolve()
    problem = ""
    try:
        found = (folder / name).resolve()
        if not name or "\x00" in name or len(name) > 1000:
            problem = f"{shown(name)} is not a file's name"
        elif not found.is_relative_to(folder):
            problem = f"{shown(name)} leads out of the experiment's folder; put the file beside the experiment"
        elif found.suffix != suffix or not found.is_file():
            problem = f"there is no file {shown(name)} beside the experiment that ends in {suffix}"
    except (OSError, ValueError, RuntimeError):
        problem = f"{shown(name)} is not a file's name"
    if problem:
        b.add(path, problem)
        return None
    return found
