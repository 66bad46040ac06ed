"""`python -m harness.cluster.images`: build what is missing, then print the tags."""

from __future__ import annotations

import sys

from harness.cluster.images import ensure_images
from harness.model.errors import HarnessError


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


try:
    images = ensure_images(_say)
except HarnessError as error:
    _say(str(error))
    sys.exit(error.exit_code)
print(images.base, images.border, images.load, images.guardian, sep="\n")
