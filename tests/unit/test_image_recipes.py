"""An image's tag follows from what goes into it, and from nothing else."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docker
import pytest

from harness.cluster import images
from harness.cluster.images import debian_base
from harness.cluster.images.recipe import Recipe, tree
from harness.cluster.images.recipes import recipes


def written(folder: Path, text: str) -> Path:
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "program.py").write_text(text, encoding="utf-8")
    return folder


def test_the_same_contents_in_another_place_have_the_same_tag(tmp_path: Path) -> None:
    one, two = written(tmp_path / "a", "x = 1\n"), written(tmp_path / "deep" / "b", "x = 1\n")
    assert Recipe("border", None, "FROM x", tree(one, "p")).tag == Recipe("border", None, "FROM x", tree(two, "p")).tag


def test_one_changed_byte_changes_the_tag(tmp_path: Path) -> None:
    one, two = written(tmp_path / "a", "x = 1\n"), written(tmp_path / "b", "x = 2\n")
    assert Recipe("border", None, "FROM x", tree(one, "p")).tag != Recipe("border", None, "FROM x", tree(two, "p")).tag


def test_what_python_leaves_beside_a_program_does_not_count(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", "x = 1\n")
    before = tree(folder, "p")
    (folder / "inner" / "__pycache__").mkdir()
    (folder / "inner" / "__pycache__" / "program.cpython-311.pyc").write_bytes(b"compiled")
    assert tree(folder, "p") == before


def test_moving_bytes_from_one_file_to_the_next_changes_the_tag() -> None:
    one = Recipe("border", None, "FROM x", {"a": b"12", "b": b"3"})
    two = Recipe("border", None, "FROM x", {"a": b"1", "b": b"23"})
    assert one.tag != two.tag


def test_a_child_follows_its_parent() -> None:
    parent = Recipe("base", None, "FROM x", {}, ("bookworm",))
    child = Recipe("border", parent, "FROM y", {})
    newer = dataclasses.replace(child, parent=dataclasses.replace(parent, pins=("trixie",)))
    assert child.tag != newer.tag


def test_our_images_differ_by_architecture_and_nothing_is_fetched_to_name_them() -> None:
    ours, others = recipes("amd64"), recipes("arm64")
    assert {recipe.tag for recipe in ours.in_order}.isdisjoint(recipe.tag for recipe in others.in_order)
    systems, tops = ["border-system", "load-system", "guardian-system"], ["border", "load", "guardian"]
    assert [recipe.name for recipe in ours.in_order] == ["base", *systems, *tops]


def test_the_agent_is_in_the_thin_layer_and_the_load_program_is_not_in_its_image() -> None:
    border = recipes("amd64").border
    assert "program/harness/containers/border/__init__.py" in border.files
    assert "program/harness/model/effect.py" in border.files
    assert not [name for name in border.files if "containers/load" in name]
    assert border.parent is not None
    assert not [name for name in border.parent.files if name.startswith("program")]


class SilentRegistry(BaseHTTPRequestHandler):
    """An engine that lacks every image and whose registry never answers."""

    released = threading.Event()

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b'{"message": "no such image"}')

    def do_POST(self) -> None:
        if not self.released.wait(30):
            self.released.set()  # nobody gave up: the test sees it

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def silent_engine() -> Iterator[docker.DockerClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SilentRegistry)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = docker.DockerClient(base_url=f"tcp://127.0.0.1:{server.server_port}", version="1.41", timeout=60)
    yield client
    SilentRegistry.released.set()  # lets the abandoned pull end
    client.close()
    server.shutdown()
    server.server_close()


def test_a_registry_that_does_not_answer_is_given_up(
    silent_engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert debian_base._REGISTRY_PATIENCE_S <= 10
    monkeypatch.setattr(debian_base, "_REGISTRY_PATIENCE_S", 0.2)
    assert debian_base.pulled(silent_engine) is False
    assert not SilentRegistry.released.is_set()


@pytest.mark.parametrize(
    ("there", "made"),
    [
        (["base", "border", "load", "guardian"], []),
        (["base", "load", "guardian"], ["border-system", "border"]),
        (["border", "load", "guardian"], ["base"]),
        (["base", "border-system", "border", "load"], ["guardian-system", "guardian"]),
        ([], ["base", "border-system", "load-system", "guardian-system", "border", "load", "guardian"]),
    ],
)
def test_what_a_carried_image_was_made_from_is_not_made_again(
    monkeypatch: pytest.MonkeyPatch, there: list[str], made: list[str]
) -> None:
    monkeypatch.setattr(images, "present", lambda client, recipe: recipe.name in there)
    found = images._missing(docker.DockerClient("unix:///nowhere", version="1.41"), recipes("amd64"))
    assert sorted(recipe.name for recipe in found) == sorted(made)
