"""Faults that are not ours: of Python files beside the experiment, and of installed packages.

A file runs with the user's rights, so it is read only where the command line allows it. Packages were installed by
somebody who could do anything anyway.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path as FilePath
from typing import Any

from harness.faults.catalogue import CATALOGUE
from harness.faults.contract import FaultType
from harness.faults.own import GROUP
from harness.spec.document.places import Path, Places, Problems
from harness.spec.durations import shown

Kinds = dict[str, FaultType]


def kinds_for(data: object, folder: FilePath, problems: Problems, *, allowed: bool) -> Kinds:
    """Kind -> type of everything that this experiment file may name: ours, those of packages, those of its files.

    `allowed`: code of files may run on this machine. What cannot be had is a problem at its place.
    """
    kinds = dict(CATALOGUE)
    for entry in entry_points(group=GROUP):
        _add(kinds, ("plugins",), f"the package entry {entry.name!r}", problems, _of_entry(entry))
    named = data.get("plugins", []) if isinstance(data, dict) else []
    for index, name in enumerate(named if isinstance(named, list) else [named]):
        path: Path = ("plugins", index)
        if isinstance(name, str):
            _add(kinds, path, shown(name), problems, _of_file(name, folder, allowed=allowed))
    return kinds


def own_kinds() -> Kinds:
    """Faults of installed packages alone; those that cannot be had are left out."""
    problems = Problems(Places("installed packages"))
    return {kind: type_ for kind, type_ in kinds_for({}, FilePath(), problems, allowed=False).items() if type_.parts}


def _of_file(name: str, folder: FilePath, *, allowed: bool) -> list[FaultType] | str:
    """The faults of one file, or why there are none."""
    path = folder / name
    if FilePath(name).is_absolute() or folder.resolve() not in path.resolve().parents:
        return "lies outside the folder of the experiment; put it beside the file"
    if not path.is_file():
        return f"there is no such file in {folder}; check the name"
    if not allowed:
        return "is Python that runs on this machine; read it, then allow it with --allow-host-commands"
    try:
        return _faults_in(runpy.run_path(str(path)).values())
    except (Exception, SystemExit) as error:  # whatever the file does while it is read
        return f"cannot be loaded: {type(error).__name__}: {error}"


def _of_entry(entry: EntryPoint) -> list[FaultType] | str:
    try:
        return _faults_in([entry.load()])
    except Exception as error:  # whatever the package does while it is read
        return f"cannot be loaded: {type(error).__name__}: {error}"


def _faults_in(values: Iterable[Any]) -> list[FaultType] | str:
    found = [one for value in values for one in (value if isinstance(value, list | tuple) else [value])]
    faults = [one for one in found if isinstance(one, FaultType)]
    if not faults:
        return "has no fault; write TYPE = own_fault(...)"
    return list(dict.fromkeys(faults))


def _add(kinds: Kinds, path: Path, what: str, problems: Problems, found: list[FaultType] | str) -> None:
    if isinstance(found, str):
        problems.add(path, f"{what} {found}")
        return
    for type_ in found:
        if type_.parts is None:
            problems.add(path, f"{what}: the fault {type_.kind!r} is not made with own_fault, so nothing could undo it")
        elif type_.kind in kinds:
            problems.add(path, f"{what}: there is a fault {type_.kind!r} already; give yours another name")
        else:
            kinds[type_.kind] = type_
