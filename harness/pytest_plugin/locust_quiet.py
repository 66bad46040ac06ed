"""Locust brings a pytest plugin with a fixture `session` and an option `--host`, which many suites have themselves.

Whoever installs regionfall did not ask for it, so it is taken out again; `-p pytest_locust.plugin` brings it back.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import pytest

_PLUGIN = "locust"
_MODULE = "pytest_locust.plugin"
_OPTIONS = ("--host", "-H")


def quieten(parser: pytest.Parser, manager: pytest.PytestPluginManager) -> None:
    """Keep Locust's plugin out, whether it would be loaded after this one or was before."""
    if _asked_for():
        return
    loaded = manager.get_plugin(_PLUGIN)
    manager.set_blocked(_PLUGIN)
    if loaded is not None:
        _without_options(parser)


def _asked_for() -> bool:
    return any(word == _MODULE or word == f"-p{_MODULE}" for word in sys.argv)


def _without_options(parser: Any) -> None:
    """pytest has no way to take an option back; where its inside has changed, the option stays and nothing breaks."""
    with suppress(AttributeError, TypeError, ValueError):
        for group in parser._groups:
            group.options[:] = [option for option in group.options if not _is_locusts(option)]
        actions = parser.optparser._option_string_actions
        found = [(name, actions[name]) for name in _OPTIONS if name in actions]
        if found:
            parser.optparser._handle_conflict_resolve(None, found)
        for name in _OPTIONS:
            parser._opt2dest.pop(name, None)


def _is_locusts(option: Any) -> bool:
    names = option.names() if hasattr(option, "names") else option.option_strings
    return "--host" in names
