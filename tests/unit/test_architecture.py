"""The house keeps its shape: floors, sizes, words that must not appear. No code is run, files are only read."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HARNESS = ROOT / "harness"
FLOORS = {
    "model": 0,
    "faults": 1, "containers": 1,
    "spec": 2, "analysis": 2,
    "cluster": 3, "workload": 3, "journal": 3, "probes": 3,
    "runner": 4, "report": 4,
    "wiring": 5,
    "script": 6, "gate": 6,
    "cli": 7, "pytest_plugin": 7, "gameday": 7,
}  # fmt: skip
ENTRANCES = {"harness", "harness.__main__"}
"""Files of the top folder: `python -m harness` and the names that users import."""

MAX_LINES, MAX_FUNCTION, MAX_POSITIONAL = 400, 60, 5
MODULES = sorted(path for path in HARNESS.rglob("*.py") if "_bundled" not in path.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path): path for path in MODULES}


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Name -> syntax tree of every module; only whoever runs these tests reads them."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in NAMES.items()}


def imports(name: str, tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(module of ours, line) for every import, also those inside functions; relative ones resolved."""
    package = name if NAMES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.split(".")[0] == "harness")
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                stem = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*stem, *filter(None, [node.module])])
            if base.split(".")[0] == "harness":
                for alias in node.names:
                    full = f"{base}.{alias.name}"
                    yield (full if full in NAMES else base), node.lineno


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(name) for name in NAMES if name not in ENTRANCES} - {""}
    assert rooms <= FLOORS.keys(), f"give {rooms - FLOORS.keys()} a floor here and a line in ARCHITECTURE.md"


def test_imports_go_downward_only() -> None:
    wrong = []
    for name, tree in trees().items():
        here = room_of(name)
        if name in ENTRANCES or here == "containers":
            continue
        for target, line in imports(name, tree):
            there = room_of(target)
            if there in ("", here):
                continue
            outside_world = there == "containers" and FLOORS[here] < FLOORS["cluster"]
            if FLOORS[there] >= FLOORS[here] or outside_world:
                wrong.append(f"{NAMES[name].relative_to(ROOT)}:{line} {here} must not import {target}")
    assert not wrong, "\n".join(wrong)


SHARED = {name for name in NAMES if name.count(".") == 2 and NAMES[name].parent.name == "containers"}
"""Files of `harness/containers` itself, which go into every image of ours (packages are programs)."""


def test_programs_in_containers_import_the_model_and_themselves_only() -> None:
    wrong = []
    for name, tree in trees().items():
        if room_of(name) != "containers":
            continue
        program = ".".join(name.split(".")[:3])
        for target, line in imports(name, tree):
            shared = target in ("harness", "harness.containers") or target in SHARED
            allowed = shared or target.startswith((program, "harness.model"))
            if not allowed:
                wrong.append(f"{NAMES[name].relative_to(ROOT)}:{line} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_the_model_needs_nothing_but_the_standard_library() -> None:
    wrong = []
    for name, tree in trees().items():
        if room_of(name) != "model":
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            wrong += [f"{name}: {n}" for n in names if n.split(".")[0] not in sys.stdlib_module_names | {"harness"}]
    assert not wrong, "\n".join(wrong)


def runtime_graph() -> dict[str, set[str]]:
    """Imports that happen while modules load: not those inside functions or under TYPE_CHECKING."""

    def top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for node in body:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                continue
            yield node

    graph: dict[str, set[str]] = {}
    for name, tree in trees().items():
        shallow = ast.Module([n for n in top(tree.body) if isinstance(n, ast.Import | ast.ImportFrom)], [])
        graph[name] = {target for target, _ in imports(name, shallow) if target in NAMES} - {name}
    return graph


def test_no_module_imports_itself_over_others() -> None:
    graph, done, path = runtime_graph(), set[str](), list[str]()
    cycles: list[str] = []

    def visit(name: str) -> None:
        if name in path:
            cycles.append(" -> ".join([*path[path.index(name) :], name]))
        elif name not in done:
            path.append(name)
            for target in sorted(graph[name]):
                visit(target)
            done.add(path.pop())

    for name in sorted(graph):
        visit(name)
    assert not cycles, "\n".join(cycles)


def test_no_file_and_no_function_outgrows_its_limit() -> None:
    wrong = []
    for name, path in NAMES.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_LINES:
            wrong.append(f"{path.relative_to(ROOT)}: {lines} lines, at most {MAX_LINES}")
        for node in ast.walk(trees()[name]):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                wrong.append(f"{place}: {length} lines, at most {MAX_FUNCTION}")
            positional = [
                arg.arg for arg in [*node.args.posonlyargs, *node.args.args] if arg.arg not in ("self", "cls")
            ]
            command = room_of(name) == "cli"  # typer reads options from the signature
            if len(positional) > MAX_POSITIONAL and not command:
                wrong.append(f"{place}: {len(positional)} positional parameters, at most {MAX_POSITIONAL}")
    assert not wrong, "\n".join(wrong)


def test_every_function_says_what_it_returns() -> None:
    wrong = [
        f"{NAMES[name].relative_to(ROOT)}:{node.lineno} {node.name}"
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None
    ]
    assert not wrong, "\n".join(wrong)


DEMO = "harness.cli.demo"


def strings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """String constants of the code that are not docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value, node.lineno


def services_of_the_mock_stack() -> set[str]:
    """Service names with a hyphen: words like `bus` or `web` are everybody's."""
    text = (ROOT / "compose" / "compose.yaml").read_text(encoding="utf-8").partition("\nservices:")[2]
    return {name for name in re.findall(r"^  ([a-z][a-z0-9-]*):", text, re.MULTILINE) if "-" in name}


def test_the_harness_knows_no_name_of_the_mock_stack() -> None:
    services = services_of_the_mock_stack()
    assert services, "the mock stack has no services: is this test still looking in the right place?"
    wrong = [
        f"{NAMES[name].relative_to(ROOT)}:{line} names {word!r}"
        for name, tree in trees().items()
        for text, line in strings(tree)
        for word in services
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_demo_command_knows_where_the_bundled_files_are() -> None:
    wrong = [
        f"{NAMES[name].relative_to(ROOT)}:{line} {text!r}"
        for name, tree in trees().items()
        if name != DEMO
        for text, line in strings(tree)
        if text.startswith(("aws-us-east-1", "compose/", "_bundled"))
    ]
    assert not wrong, "\n".join(wrong)


REGISTRIES = [
    "docker" + ".io/", "registry-1" + ".docker", "ghcr" + ".io", "quay" + ".io", "gcr" + ".io", "pypi" + ".org",
    "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com/", "yarnpkg" + ".com", "proxy.golang" + ".org",
    "deb.debian" + ".org", "ubuntu" + ".com/ubuntu", "jsdelivr" + ".net", "unpkg" + ".com",
]  # fmt: skip
BINARY = {".png", ".ico", ".woff2", ".gz", ".jpg"}


def committed() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def test_no_committed_file_names_a_registry_or_a_mirror() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number} {word}"
        for path in committed()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        for word in REGISTRIES
        if word in line
    ]
    assert not wrong, "\n".join(wrong)


def test_the_package_lock_records_no_addresses() -> None:
    text = (HARNESS / "report" / "assets-src" / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in text
    assert '"resolved"' not in text


@pytest.mark.parametrize("path", ["constraints.txt", "harness/containers/load/requirements.txt"])
def test_pinned_files_pin_every_package_and_name_no_address(path: str) -> None:
    lines = [line for line in (ROOT / path).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) > 20
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.]+", line)] == []


def test_the_architecture_page_names_every_room() -> None:
    page = ROOT / "ARCHITECTURE.md"
    text = page.read_text(encoding="utf-8")
    rooms = {room_of(name) for name in NAMES if name not in ENTRANCES} - {""}
    assert [room for room in sorted(rooms) if f"harness/{room}" not in text] == []
