"""The border's name server: a process of its own, so that faults on names end even when the agent is frozen."""
