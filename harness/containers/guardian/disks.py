"""Full disks: size-limited volumes of guests, mounted here as well, filled with one file and emptied again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from harness.containers.guardian.engine import Refused

FILE = ".regionfall-full"
MOST_BYTES = 4 << 30
"""A mount larger than this is not one of ours: never filled."""


class Disks:
    """`places`: service -> where its volume is mounted in this container."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = {service: Path(place) for service, place in places.items()}

    def fill(self, service: str, leave: int) -> None:
        """Take everything but `leave` bytes, at once. Refused if the service has no such volume."""
        place = self._place(service)
        if _size(place) > MOST_BYTES:
            raise Refused(f"the volume of {service!r} is not size-limited: not filled")
        descriptor = os.open(place / FILE, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            want = self.free(service) - leave
            if want > 0:
                os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, want)
        except OSError as error:
            raise Refused(f"the volume of {service!r} cannot be filled: {error}") from error
        finally:
            os.close(descriptor)

    def empty(self, service: str) -> None:
        """Give it back; a service without a volume has nothing to give back."""
        if service in self._places:
            (self._places[service] / FILE).unlink(missing_ok=True)

    def free(self, service: str) -> int:
        """Bytes that anybody can still write."""
        found = os.statvfs(self._place(service))
        return found.f_bavail * found.f_frsize

    def filled(self, service: str) -> bool:
        """Whether our file is there."""
        return service in self._places and (self._places[service] / FILE).exists()

    def _place(self, service: str) -> Path:
        if service not in self._places:
            raise Refused(f"service {service!r} has no size-limited volume: nothing to fill")
        return self._places[service]


def _size(place: Path) -> int:
    found = os.statvfs(place)
    return found.f_blocks * found.f_frsize
