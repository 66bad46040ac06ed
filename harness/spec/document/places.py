"""Where things stand in a file, and the list of everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.model.errors import InvalidFile, Problem

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file: ('timeline', 0, 'faults', 1, 'on')."""


@dataclass(slots=True)
class Places:
    """Line and column (1-based) of every key and every value of one file.

    `origins` are parts that did not come from the file: their problems stand at the option that brought them.
    """

    file: str
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)

    def of(self, path: Path, *, key: bool = False) -> tuple[str, int, int]:
        """File (or option), line and column of a value, or of its key; the nearest enclosing place if it has none."""
        path = self.written(path)
        for length in range(len(path), -1, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]], 1, 1
        if key and path in self.keys:
            return (self.file, *self.keys[path])
        for length in range(len(path), 0, -1):
            if path[:length] in self.values:
                return (self.file, *self.values[path[:length]])
        return self.file, 1, 1

    def written(self, path: Path) -> Path:
        """The path as the file has it: a list of one may be written as its one item."""
        result: Path = ()
        for part in path:
            if part == 0 and (*result, 0) not in self.values and result in self.values:
                continue
            result = (*result, part)
        return result

    def close_gap(self, items: Path, removed: int) -> None:
        """Item `removed` of the list at `items` is gone: the places of later items move up by one."""
        depth = len(items)

        def moved(path: Path) -> Path | None:
            if path[:depth] != items or len(path) == depth or not isinstance(path[depth], int):
                return path
            index = int(path[depth])
            if index == removed:
                return None
            return (*items, index - 1, *path[depth + 1 :]) if index > removed else path

        self.values = {new: place for old, place in self.values.items() if (new := moved(old)) is not None}
        self.keys = {new: place for old, place in self.keys.items() if (new := moved(old)) is not None}
        self.origins = {new: origin for old, origin in self.origins.items() if (new := moved(old)) is not None}

    def line(self, path: Path) -> int:
        """The line alone."""
        return self.of(path)[1]


@dataclass(slots=True)
class Problems:
    """Collects problems by path. Parts of the file that are known to be broken do not complain a second time."""

    places: Places
    found: list[Problem] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)

    def add(self, path: Path, message: str, *, key: bool = False) -> None:
        """One problem, unless it follows from a part that was already refused (see `is_broken`)."""
        if not self.is_broken(path):
            self.report(path, message, key=key)

    def report(self, path: Path, message: str, *, key: bool = False) -> None:
        """One problem, in any case; the same one twice is one."""
        problem = Problem(*self.places.of(path, key=key), message)
        if problem not in self.found:
            self.found.append(problem)

    def is_broken(self, path: Path) -> bool:
        """Whether this part, something that holds it, or a direct part of it was already refused."""
        path = self.places.written(path)
        if any(path[:length] in self.broken for length in range(1, len(path) + 1)):
            return True
        return any(part[:-1] == path for part in self.broken)

    def any_broken(self, *prefix: str | int) -> bool:
        """Whether anything under `prefix` was refused, so that conclusions about the whole would be guesses."""
        return any(part[: len(prefix)] == prefix or prefix[: len(part)] == part for part in self.broken)

    def raise_if_any(self) -> None:
        """InvalidFile with everything found so far."""
        if self.found:
            raise InvalidFile(self.found)
