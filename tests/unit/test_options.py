"""Global options stand before or after the command, and as environment variables."""

from __future__ import annotations

import pytest

from harness.cli.options import split_globals
from harness.model.errors import UsageError


def test_global_options_are_taken_from_before_and_after_the_command():
    found, rest = split_globals(["-f", "a.yaml", "run", "x.chaos.yaml", "--json", "--file=b.yaml", "-p", "shop"], {})
    assert rest == ["run", "x.chaos.yaml"]
    assert (found.file, found.project_name, found.json) == (["a.yaml", "b.yaml"], "shop", True)


def test_words_after_a_double_dash_are_left_alone():
    _, rest = split_globals(["run", "--", "--json"], {})
    assert rest == ["run", "--", "--json"]


def test_an_option_without_its_value_is_a_usage_error():
    with pytest.raises(UsageError, match="-f"):
        split_globals(["up", "-f"], {})


def test_every_global_option_is_also_an_environment_variable():
    found, _ = split_globals([], {"REGIONFALL_JSON": "1", "REGIONFALL_FILE": "a.yaml:b.yaml", "NO_COLOR": "1"})
    assert found.json and found.no_color and found.file == ["a.yaml", "b.yaml"]
