"""A container made anew from its definition: the rendered Compose file that its labels name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.cluster.engine import compose
from harness.model.errors import ClusterError
from harness.model.labels import COMPOSE_PROJECT, COMPOSE_SERVICE, LABEL_HOME

FILES = "com.docker.compose.project.config_files"
RECREATE_S = 60.0


def recreated(container: Any) -> None:
    """Replace one of our containers by a new one of the same service. ClusterError if it is not ours, or cannot be."""
    labels = container.labels
    if LABEL_HOME not in labels or not labels.get(FILES):
        raise ClusterError(f"container {container.name} does not say what it was made from: not made anew")
    file = Path(str(labels[FILES]).split(",")[0])
    if not file.is_file():
        raise ClusterError(f"{file} is gone: {container.name} cannot be made anew; `regionfall down` takes it away")
    unset = {"COMPOSE_FILE": "", "COMPOSE_PROFILES": "", "COMPOSE_PROJECT_NAME": ""}
    words = ["up", "-d", "--no-build", "--pull", "never", "--no-deps", "--force-recreate", labels[COMPOSE_SERVICE]]
    command = ["-p", labels[COMPOSE_PROJECT], "-f", str(file), *words]
    compose(command, directory=file.parent, environ=unset, timeout_s=RECREATE_S)


def by_hand(container: Any) -> str:
    """The commands that finish by hand what none of ours could: the container ends with whatever was done to it."""
    labels = container.labels
    file = str(labels.get(FILES, "")).split(",")[0]
    again = f"docker compose -p {labels.get(COMPOSE_PROJECT)} -f {file} up -d --no-build --no-deps"
    return f"docker rm -f {container.name} && {again} {labels.get(COMPOSE_SERVICE)}"
