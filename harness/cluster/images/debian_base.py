"""The base image: Debian 12 with Python, pulled where a registry answers, else assembled from the machine's source."""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from harness.cluster.debian import sources
from harness.cluster.images.tools import run
from harness.model.errors import ClusterError

SUITE = "bookworm"
PULLED = ("debian", "bookworm-slim")
PACKAGES = "python3"
DOCKERFILE = f"""\
FROM {":".join(PULLED)}
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends {PACKAGES} && rm -rf /var/lib/apt/lists/*
"""
_REGISTRY_PATIENCE_S = 10
_UNWANTED = ("/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/doc/*")


def pulled(client: docker.DockerClient) -> bool:
    """Whether Debian's official image is on the engine, after trying to pull it.

    A registry that says nothing for 10 s is given up; one that goes on sending is waited for.
    """
    name = ":".join(PULLED)
    try:
        client.images.get(name)
        return True
    except ImageNotFound:
        pass
    lines: queue.Queue[bool] = queue.Queue()
    threading.Thread(target=_pull, args=(client, lines), name="pull", daemon=True).start()
    try:
        while lines.get(timeout=_REGISTRY_PATIENCE_S):
            pass
        client.images.get(name)
        return True
    except (queue.Empty, ImageNotFound):
        return False


def _pull(client: docker.DockerClient, lines: queue.Queue[bool]) -> None:
    """True for every sign of life, False at the end. A thread of its own: the SDK pulls without any deadline."""
    with suppress(APIError, DockerException, RequestException, OSError):
        for line in client.api.pull(PULLED[0], tag=PULLED[1], stream=True, decode=True):
            if "error" in line:
                break
            lines.put(True)
    lines.put(False)


def assemble(client: docker.DockerClient, tag: str, architecture: str, progress: Callable[[str], None]) -> None:
    """Make the base image with mmdebstrap and import it as `tag`; raises ClusterError with the next step."""
    if shutil.which("mmdebstrap") is None:
        raise ClusterError(
            f"the base image: no registry gave {':'.join(PULLED)} within {_REGISTRY_PATIENCE_S} s, and mmdebstrap is"
            f" not installed\n  next: `docker pull {':'.join(PULLED)}` where a registry is reachable,"
            " or as root `apt-get install mmdebstrap`"
        )
    progress("base: no registry answers, assembling Debian 12 from this machine's package source")
    with tempfile.TemporaryDirectory(prefix="regionfall-base-") as folder:
        archive = Path(folder) / "base.tar"
        run(_mmdebstrap(archive, architecture))
        repository, _, version = tag.rpartition(":")
        changes = ["ENV LANG=C.UTF-8", "ENV DEBIAN_FRONTEND=noninteractive", 'CMD ["bash"]']
        answer = client.api.import_image_from_file(str(archive), repository=repository, tag=version, changes=changes)
    if '"error"' in answer:
        raise ClusterError(f"the engine refused the base image: {answer.strip()[-300:]}")


def _mmdebstrap(archive: Path, architecture: str) -> list[str]:
    trimmed = [f"--dpkgopt=path-exclude={pattern}" for pattern in _UNWANTED]
    trimmed.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", f"--architectures={architecture}"]
    return [*command, *trimmed, '--aptopt=Acquire::Languages "none"', SUITE, str(archive), *sources(SUITE)]
