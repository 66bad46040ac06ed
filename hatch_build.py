"""Build hook: a wheel holds the report's chart library, or is not built."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReportAssets(BuildHookInterface):
    """Fetches what git does not hold; an editable install stays quick, `make setup` fetches for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before files are collected."""
        if version == "editable" or self.target_name != "wheel":
            return
        root = Path(self.root)
        ensure = runpy.run_path(str(root / "scripts" / "report_assets.py"))["ensure"]
        for path in ensure(root):
            relative = path.relative_to(root).as_posix()
            build_data["force_include"][str(path)] = relative
