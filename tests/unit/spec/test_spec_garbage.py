"""Hostile and broken input: a problem with its place, never a traceback, never minutes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.model.errors import InvalidFile
from harness.model.plan import Plan
from harness.model.stack import Stack
from harness.spec.load import ReadStack, Wish, plan_of

Listing = Callable[..., list[str]]

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
)

CASES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "1:1 the file is empty; start with: version: 1"),
    "a comment": ("# nothing\n", "1:1 the file is empty"),
    "a word": ("hello\n", "1:1 'hello' is not an experiment"),
    "a number": ("7\n", "1:1 7 is not an experiment"),
    "binary": (b"version: 1\nname: \xff\xfe\n", "2:7 not UTF-8 text: byte 0xff"),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "1:1 not UTF-8 text"),
    "a NUL": ("version: 1\nname: a\0b\n", "2:8 not valid YAML"),
    "a tab": ("version: 1\nbreak:\n\tdb\n", "3:1 not valid YAML"),
    "an open list": ("version: 1\ntags: [a, b\nbreak: db\n", "not valid YAML"),
    "an open text": ('version: 1\ntitle: "open\n', "not valid YAML"),
    "two documents": ("version: 1\n---\nversion: 1\n", "2:1 not valid YAML"),
    "duplicate keys": ("version: 1\nbreak: db\nbreak: idp\n", "3:1 the key 'break' is there twice; keep one"),
    "an alias to nothing": ("version: 1\nbreak: *x\n", "2:8 not valid YAML"),
    "an alias that holds itself": ("version: 1\ntags: &x [*x]\n", "2:7 an alias that contains itself"),
    "a bomb": (BOMB, "more than 20000 values"),
    "deep nesting": ("a: " + "[" * 5000, "nested too deeply"),
    "deep nesting of mappings": ("".join(" " * n + f"k{n}:\n" for n in range(100)), "nested too deeply"),
    "too large": ("version: 1\n# " + "x" * 200_000, "1:1 195 KiB is too large"),
    "a tag": ("version: 1\nbreak: !!python/object:os.system db\n", "2:8 the tag !!python/object:os.system is not used"),
    "a binary tag": ("version: 1\nbreak: !!binary aGk=\n", "2:8 the tag !!binary is not used"),
    "a mapping as a key": ("version: 1\n? {a: 1}\n: 2\n", "2:3 a key must be a plain name"),
    "not a number": ("version: .nan\nbreak: db\n", "1:10 '.nan' is not a number"),
    "a huge number": ("version: 1" + "0" * 5000 + "\nbreak: db\n", "is not a number that can be used"),
    "half a character": ('version: 1\nbreak: "\\ud800"\n', "2:8 a text with half of a character pair"),
    "an impossible character": ('version: 1\nbreak: "\\U99999999"\n', "not valid YAML"),
    "an unquoted comparison": ("version: 1\nexpect:\n  web: \n    p99: >= 3\n", 'needs quotes: ">= 99%"'),
}


@pytest.mark.parametrize("name", CASES)
def test_garbage_is_refused_with_its_place(problems: Listing, name: str) -> None:
    text, expected = CASES[name]
    found = problems(text)
    assert any(expected in line for line in found), found


def test_a_byte_order_mark_and_windows_lines_are_fine(load: Callable[..., Plan]) -> None:
    assert load(b"\xef\xbb\xbfversion: 1\r\nbreak: db\r\n").injections[0].target == "db"


def test_anchors_and_merge_keys_work_as_in_compose(load: Callable[..., Plan]) -> None:
    plan = load(
        "version: 1\n"
        "x-common: &common {for: 20s, faults: {on: db, hang: true}}\n"
        "timeline:\n  - {<<: *common, phase: a}\n  - {<<: *common, phase: b, for: 30s}\n"
    )
    assert [(phase.name, phase.end_s) for phase in plan.phases] == [("steady", 0), ("a", 20), ("b", 50)]
    assert [injection.id for injection in plan.injections] == ["a", "b"]


@pytest.fixture(scope="module")
def reader() -> ReadStack:
    from harness.model.stack import Edge, Entry, Service

    edge = Edge("load", "db", 80, "", "internet", "local")
    stack = Stack("p", (Service("db", entry=Entry(80)),), (edge,))
    return lambda files, directory: stack


def only_two_ways(raw: bytes, reader: ReadStack, wish: Wish | None = None) -> None:
    from pathlib import Path

    try:
        plan = plan_of(raw, Path("fuzz.chaos.yaml"), reader, wish or Wish())
    except InvalidFile as error:
        assert error.problems
        for problem in error.problems:
            assert problem.line >= 1 and problem.column >= 1 and problem.message
            assert str(problem).encode()
    else:
        assert isinstance(plan, Plan)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_an_invalid_file_or_a_plan(reader: ReadStack, raw: bytes) -> None:
    only_two_ways(raw, reader)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_an_invalid_file_or_a_plan(reader: ReadStack, text: str) -> None:
    only_two_ways(text.encode("utf-8", "surrogatepass"), reader)


KEYS = [
    *("version", "name", "break", "how", "for", "timeline", "phase", "at", "until", "faults", "on", "slow", "latency"),
    *("share", "flags", "expect", "web", "db", "availability", "p99", "recovers_within", "signature", "point", "role"),
    *("tag", "flow", "order", "needs", "limits", "regions", "protect", "stop", "when", "steady", "clock", "default"),
    *("phases", "load", "rate", "flows", "json", "weight", "ok", "status", "stack", "compose", "environment", "x-a"),
]
WORDS = [
    *(
        "30s",
        "db",
        "load->db",
        "local",
        "blackout",
        "hang",
        "20ms -> 400ms",
        "30%",
        ">= 99%",
        "< 800ms",
        "240x",
        "20/s",
    ),
    *(
        "effect",
        "invariant",
        "emergent",
        "a",
        "b",
        "never",
        "404m..436m",
        "db.availability < 20% for 10s",
        "",
        "->",
        "!db",
    ),
]
SCALARS = st.one_of(st.sampled_from(WORDS), st.integers(-5, 500), st.booleans(), st.none(), st.floats(allow_nan=False))
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=8))
def test_any_tree_of_our_own_words_is_an_invalid_file_or_a_plan(reader: ReadStack, tree: dict[str, object]) -> None:
    import io

    from ruamel.yaml import YAML

    out = io.StringIO()
    YAML(typ="safe", pure=True).dump({"version": 1, **tree}, out)
    only_two_ways(out.getvalue().encode(), reader)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=3), st.one_of(st.none(), st.text(max_size=20)))
def test_any_override_and_clock_is_an_invalid_file_or_a_plan(
    reader: ReadStack, overrides: list[str], clock: str | None
) -> None:
    only_two_ways(b"version: 1\nbreak: db\n", reader, Wish(tuple(overrides), None, clock))


KEY_PATHS = st.lists(st.sampled_from([*KEYS, "0", "1", "a", "timeline"]), min_size=1, max_size=5).map(".".join)


@settings(max_examples=200, deadline=None)
@given(KEY_PATHS, st.sampled_from([*WORDS, "[a]", "{a: 1}", "3"]))
def test_any_known_override_is_an_invalid_file_or_a_plan(reader: ReadStack, path: str, value: str) -> None:
    raw = b"version: 1\ntimeline:\n  - {phase: a, for: 9s, faults: [{on: db, hang: true}]}\nload: {flows: {db: {}}}\n"
    only_two_ways(raw, reader, Wish((f"{path}={value}",)))
