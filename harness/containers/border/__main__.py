"""The border's program: `python3 -m harness.containers.border`, first process of the border container."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from harness.containers.border import net
from harness.containers.border.agent import Agent
from harness.containers.border.config import parse_config
from harness.containers.border.control import serve
from harness.containers.border.nft import Nft
from harness.containers.border.ruleset import boot_rules


def _end(_number: int, _frame: FrameType | None) -> None:
    # The first process of a container has no default action for signals; its end takes all the others with it.
    os._exit(0)


def main() -> int:
    """Sets everything up, then serves for ever; 1 with a message if the container is not what it should be."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        config = parse_config(os.environ["REGIONFALL_BORDER"])
    except (KeyError, TypeError, ValueError) as error:
        print(f"REGIONFALL_BORDER is not a border's configuration: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    try:
        devices = net.find_devices(config)
        nft = Nft()
        nft.run(boot_rules(config, devices))
        net.set_up(config, devices)
    except net.NetError as error:
        print(f"border {config.border}: {error}", file=sys.stderr)
        return 1
    agent = Agent(config, nft)
    agent.start()
    net.announce(config, devices)
    serve(agent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
