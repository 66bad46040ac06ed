"""Where a command works: the folder, the Compose files it was told, the `.regionfall` home."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.journal.folder import home

if TYPE_CHECKING:
    from harness.cluster.project import Project
    from harness.model.plan import Plan
    from harness.model.stack import Stack


@dataclass(slots=True)
class Workspace:
    """One working directory with what the command line and the environment say about its Compose project."""

    directory: Path
    files: tuple[Path, ...] = ()
    project_name: str | None = None
    run_dir: Path | None = None
    """The folder that holds `.regionfall`; the working directory unless told otherwise."""
    overlay: tuple[Path, ...] = ()
    """Compose files laid over whichever are chosen."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    _projects: dict[tuple[tuple[Path, ...] | None, Path], Project] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """`.regionfall`, made when missing."""
        return home(self.run_dir or self.directory)

    def project(self, files: tuple[Path, ...] | None = None, directory: Path | None = None) -> Project:
        """The Compose project; files of an experiment win over nothing, `-f` on the command line wins over both."""
        from harness.cluster.project import read_project

        chosen = self.files or files or ()
        base = self.directory if self.files or directory is None else directory
        if self.overlay:
            known = chosen or read_project((), directory=base, environ=self.environ).stack.files
            chosen = (*(Path(file) for file in known), *self.overlay)
        key = (tuple(chosen), base)
        if key not in self._projects:
            self._projects[key] = read_project(chosen, project=self.project_name, directory=base, environ=self.environ)
        return self._projects[key]

    def under(self, file: Path) -> Workspace:
        """The same place with one more Compose file over all others."""
        return replace(self, overlay=(*self.overlay, file), _projects={})

    def project_of(self, plan: Plan) -> Project:
        """The project that `plan` was bound to; it was read by this workspace."""
        for project in self._projects.values():
            if project.stack == plan.stack:
                return project
        return self.project(tuple(Path(file) for file in plan.stack.files) or None)

    def read_stack(self, files: tuple[Path, ...] | None, directory: Path) -> Stack:
        """What `load_experiment` asks for."""
        return self.project(files, directory).stack
