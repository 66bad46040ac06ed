"""Images that the user's services name: used if they are here, pulled if a registry answers within ten seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from harness.cluster.engine import connect
from harness.model.errors import ClusterError

ANSWER_S = 10
_PULL_S = 600.0


def ensure_pulled(client: docker.DockerClient, images: Mapping[str, str], progress: Callable[[str], None]) -> None:
    """Have every image of `images` (service -> image) on the engine. ClusterError names image, services, next step."""
    users: dict[str, list[str]] = {}
    for service, image in images.items():
        users.setdefault(image, []).append(service)
    for image, services in users.items():
        if not _here(client, image):
            progress(f"image {image} is not here; asking its registry (at most {ANSWER_S} s)")
            _pull(image, services)


def _here(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    except APIError as error:
        raise ClusterError(f"image {image!r}: the engine cannot read this name: {error.explanation}") from error
    return True


def _pull(image: str, services: list[str]) -> None:
    impatient = connect(timeout_s=ANSWER_S)
    try:
        impatient.images.get_registry_data(image)
        patient = connect(timeout_s=_PULL_S)
        for step in patient.api.pull(image, tag=None if _tagged(image) else "latest", stream=True, decode=True):
            if "error" in step:
                raise ClusterError(_message(image, services, str(step["error"])))
    except (DockerException, RequestException, OSError) as error:
        raise ClusterError(_message(image, services, _reason(error))) from error
    finally:
        impatient.close()


def _tagged(image: str) -> bool:
    return "@" in image or ":" in image.rsplit("/", 1)[-1]


def _reason(error: BaseException) -> str:
    if isinstance(error, RequestException):
        return f"its registry did not answer within {ANSWER_S} s"
    if isinstance(error, APIError):
        return str(error.explanation or error)
    return str(error)


def _message(image: str, services: list[str], reason: str) -> str:
    return (
        f"image {image!r} of service {', '.join(services)} is not on this engine and cannot be pulled: {reason}\n"
        f"  next: `docker pull {image}` where a registry can be reached, `docker save {image} | docker load` here,"
        " or give the service a build section"
    )
