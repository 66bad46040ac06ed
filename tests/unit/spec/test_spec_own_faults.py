"""Faults of a user's own: the worked example of the page, what is refused, and packages."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from harness.faults.catalogue import CATALOGUE
from harness.faults.own import own_fault
from harness.model.errors import InvalidFile
from harness.model.fault import Fault
from harness.model.plan import Plan
from harness.model.stack import Stack
from harness.spec import plugins
from harness.spec.faults_page import page
from harness.spec.load import load_experiment
from harness.spec.quick import Quick, quick_experiment

ROOT = Path(__file__).parents[3]
PLANNER = Callable[..., Plan]


@pytest.fixture
def plan(shop: Stack, tmp_path: Path) -> PLANNER:
    """Plans an experiment that lies beside `faults.py`."""

    def planned(experiment: str, code: str = "", *, allowed: bool = True) -> Plan:
        (tmp_path / "it.chaos.yaml").write_text(experiment)
        if code:
            (tmp_path / "faults.py").write_text(code)
        path = tmp_path / "it.chaos.yaml"
        return load_experiment(path, read_stack=lambda files, directory: shop, allow_host_commands=allowed)

    return planned


def block(language: str) -> str:
    """The first block of a language in the page's part about one's own faults."""
    text = page().partition("## Your own faults")[2]
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


EXAMPLE = block("yaml").replace("orders->db", "checkout->db:5432")


def test_the_page_is_as_the_catalogue_is() -> None:
    """Write it again with: make faults"""
    assert (ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == page()


def test_every_example_of_the_catalogue_is_an_item_of_a_file(plan: PLANNER) -> None:
    for type_ in CATALOGUE.values():
        item = re.sub(r'on: ("[^"]*"|[\w-]+)', "on: nothing-of-this-name", type_.example)
        text = f"version: 1\ntimeline: [{{phase: a, for: 60s, faults: [{item}]}}]\n"
        with pytest.raises(InvalidFile) as caught:
            plan(text)
        found = str(caught.value)
        assert "nothing-of-this-name" in found and "unknown key" not in found and len(caught.value.problems) == 1, found


def test_the_worked_example_of_the_page_is_three_injections_one_after_another(plan: PLANNER) -> None:
    found = plan(EXAMPLE, block("python"))
    assert [(one.id, one.fault, one.start_s, one.end_s) for one in found.injections] == [
        ("break.1", Fault("slow", latency_s=0.3), 0.0, 20.0),
        ("break.2", Fault("hang", share=0.3), 10.0, 20.0),
        ("break.3", Fault("refuse"), 20.0, 30.0),
    ]
    assert {one.target for one in found.injections} == {"checkout->db:5432"}


def test_the_files_code_refuses_what_was_asked_for_at_its_line(plan: PLANNER) -> None:
    with pytest.raises(InvalidFile, match=r":4:\d+ a bad day takes at least 12s"):
        plan(EXAMPLE.replace("for: 30s", "for: 10s"), block("python"))


def test_code_is_not_read_unless_it_is_allowed(plan: PLANNER, tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'touched')!r}, 'w').close()\n" + block("python")
    with pytest.raises(InvalidFile, match=r"'faults\.py' is Python that runs on this machine; .*--allow-host-commands"):
        plan(EXAMPLE, code, allowed=False)
    assert not (tmp_path / "touched").exists()


PART = """
from harness.faults.own import own_fault
TYPE = own_fault("odd", "odd", lambda asked: {parts})
"""
ODD = "version: 1\nplugins: [faults.py]\nbreak: db\nhow: odd\nfor: 30s\n"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("raise SystemExit(3)", "'faults.py' cannot be loaded: SystemExit: 3"),
        ("x = ", "'faults.py' cannot be loaded: SyntaxError"),
        ("x = 1", "'faults.py' has no fault; write TYPE = own_fault(...)"),
        ("from harness.faults.own import own_fault\nTYPE = own_fault('hang', 'x', list)", "a fault 'hang' already"),
        ("from harness.faults.own import own_fault\nTYPE = own_fault('Bad day', 'x', list)", "cannot be the name"),
        ("from harness.faults.hang import TYPE", "'hang' is not made with own_fault, so nothing could undo it"),
        (PART.format(parts="[]"), "odd is made of nothing here"),
        (PART.format(parts="1 / 0"), "odd: its Python failed with ZeroDivisionError"),
        (PART.format(parts="[{'melt': True}]"), "part 1 of odd is no fault of the catalogue: melt"),
        (PART.format(parts="[{'odd': True}]"), "part 1 of odd is no fault of the catalogue: odd"),
        (PART.format(parts="[{'slow': '20'}]"), "part 1 of odd is no fault of the catalogue: slow"),
        (PART.format(parts="[{'hang': True, 'at': '25s', 'for': '9s'}]"), "does not fit into the 30 s"),
        (PART.format(parts="[{'hang': True, 'for': '1s'}]"), "less than 2 s cannot be proved"),
        (PART.format(parts="[{'hang': True, 'on': 'moon'}]"), "unknown target 'moon'"),
        (PART.format(parts="[{'slow': '1s', 'share': '5%'}, {'slow': '1s'}]"), "different shares"),
    ],
)
def test_what_cannot_be_done_is_refused_at_its_place(plan: PLANNER, code: str, problem: str) -> None:
    with pytest.raises(InvalidFile, match=re.escape(problem)):
        plan(ODD, code)


@pytest.mark.parametrize("name", ["../faults.py", "/etc/passwd", "missing.py"])
def test_files_lie_beside_the_experiment(plan: PLANNER, name: str) -> None:
    with pytest.raises(InvalidFile, match=r"outside the folder|no such file"):
        plan(ODD.replace("faults.py", name), PART.format(parts="[{'hang': True}]"))


OURS = own_fault("from_a_package", "it hangs", lambda asked: [{"hang": True}])


def test_a_package_brings_a_fault_that_needs_no_flag(
    monkeypatch: pytest.MonkeyPatch, shop: Stack, tmp_path: Path
) -> None:
    entry = EntryPoint("ours", f"{__name__}:OURS", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [entry] if group == plugins.GROUP else [])
    monkeypatch.setattr(EntryPoint, "load", lambda self: OURS)
    reader: Any = lambda files, directory: shop  # noqa: E731
    found = quick_experiment(Quick("db", ("from_a_package",), "20s"), directory=tmp_path, read_stack=reader)
    assert [one.fault for one in found.injections] == [Fault("hang")] * 1
    assert "from_a_package" in plugins.own_kinds()
