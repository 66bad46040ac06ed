"""The guardian's program: `python3 -m harness.containers.guardian`, first process of its container."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from harness.containers.guardian.acts import Acts
from harness.containers.guardian.agent import Agent
from harness.containers.guardian.control import serve
from harness.containers.guardian.disks import Disks
from harness.containers.guardian.engine import Engine
from harness.containers.guardian.notes import Notes
from harness.containers.guardian.squeeze import Squeeze, ballast_labels

NOTES = Path("/var/lib/regionfall/undo.json")
VARIABLE = "REGIONFALL_GUARDIAN"


def main() -> int:
    """Undoes what an earlier life left, then serves for ever; 1 with a message if it is not told what it guards."""
    try:
        told = json.loads(os.environ[VARIABLE])
        project, image, disks, labels = (told[name] for name in ("project", "image", "disks", "labels"))
    except (KeyError, TypeError, ValueError) as error:
        print(f"{VARIABLE} does not say what to guard: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    engine = Engine(project)
    squeeze = Squeeze(engine, image, ballast_labels(project, labels), time.sleep)
    squeeze.clear()
    agent = Agent(Acts(engine, Disks(disks), squeeze), Notes(NOTES))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    threading.Thread(target=_until_told, args=(agent,), name="signals", daemon=True).start()
    agent.start()
    serve(agent)
    return 0


def _until_told(agent: Agent) -> None:
    """Asked to end: nothing is left behind."""
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    left = agent.heal()["left"]
    print(f"ended; left: {', '.join(left) or 'nothing'}", file=sys.stderr, flush=True)
    os._exit(1 if left else 0)


if __name__ == "__main__":
    sys.exit(main())
