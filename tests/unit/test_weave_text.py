"""The rendered text says exactly what was meant, whatever characters a guest uses."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from harness.cluster.compose import unescaped
from harness.cluster.weave.text import to_yaml

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x85"), max_size=12)
SCALARS = st.one_of(TEXT, st.integers(-(10**9), 10**9), st.booleans(), st.none(), st.just("yes"), st.just("0644"))
KEYS = st.text("abcYN.-_1 :#", min_size=1, max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)


def read_back(document: dict[str, Any]) -> Any:
    return unescaped(YAML(typ="safe", pure=True).load(to_yaml(document, "made by a test")))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    assert read_back(document) == document


def test_a_dollar_survives_the_second_reading_by_compose() -> None:
    assert "$$5 $${HOME} $$$$" in to_yaml({"a": "$5 ${HOME} $$"}, "x")


def test_words_that_yaml_would_turn_into_something_else_are_quoted() -> None:
    document = {"on": "yes", "n": "0644", "date": "2021-12-07", "time": "12:30", "none": "null"}
    assert read_back(document) == document


def test_the_text_begins_with_its_header() -> None:
    assert to_yaml({"a": 1}, "Rendered.").startswith("# Rendered.\na: 1\n")
