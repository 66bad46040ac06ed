"""`regionfall schema`: the JSON Schema of experiment files, for editors."""

from __future__ import annotations

import json
import sys

EXAMPLES = "Examples: [bold]regionfall schema > experiment-v1.json[/bold]"


def schema() -> None:
    """Print the JSON Schema of experiment files."""
    from harness.spec.schema import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
