"""The Toxiproxy server, built from its pinned Go module, and its Python client as installed beside us."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import tempfile
from pathlib import Path

from harness.cluster.cache import cache_folder, locked
from harness.cluster.images.recipe import tree
from harness.cluster.images.tools import go, run
from harness.model.errors import ClusterError

VERSION = "2.12.0"
MODULE = f"github.com/Shopify/toxiproxy/v2/cmd/server@v{VERSION}"
LINK_FLAGS = f"-s -w -X github.com/Shopify/toxiproxy/v2.Version={VERSION}"


def server(architecture: str) -> Path:
    """A folder holding the static binary `toxiproxy-server` for `architecture` (Go's word); built once, then cached."""
    recipe = hashlib.sha256(f"{MODULE} {LINK_FLAGS}".encode()).hexdigest()[:8]
    folder = cache_folder() / f"toxiproxy-{VERSION}-{recipe}-linux-{architecture}"
    with locked(folder.name):
        if not (folder / "toxiproxy-server").exists():
            _build(folder, architecture)
    return folder


def _build(folder: Path, architecture: str) -> None:
    command = go()
    modules = run([command, "env", "GOMODCACHE"]).strip()
    with tempfile.TemporaryDirectory(prefix="toxiproxy-", dir=cache_folder()) as scratch:
        # GOPATH rather than GOBIN: Go refuses GOBIN when the engine's architecture is not this machine's.
        target = {"GOPATH": scratch, "GOMODCACHE": modules, "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": architecture}
        environ = {**target, "GOBIN": "", "GOTOOLCHAIN": "local", "GO111MODULE": "on"}
        run([command, "install", "-trimpath", "-ldflags", LINK_FLAGS, MODULE], environ=environ)
        built = next((path for path in Path(scratch, "bin").rglob("server") if path.is_file()), None)
        if built is None:
            raise ClusterError(f"go install {MODULE} left no binary; next: run it by hand with CGO_ENABLED=0")
        folder.mkdir(exist_ok=True)
        fresh = folder / ".new"
        shutil.copyfile(built, fresh)
        fresh.chmod(0o755)
        fresh.replace(folder / "toxiproxy-server")


def client_files() -> dict[str, bytes]:
    """The package `toxiproxy` (toxiproxy-python) as this interpreter would import it, as files of a build context."""
    spec = importlib.util.find_spec("toxiproxy")
    if spec is None or not spec.submodule_search_locations:
        raise ClusterError("the Python package toxiproxy-python is missing; next: pip install toxiproxy-python==0.1.1")
    return tree(Path(spec.submodule_search_locations[0]), "toxiproxy")
