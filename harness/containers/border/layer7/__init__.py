"""Layer 7 of a border: HAProxy in front of the proxies of `http` edges, for faults on single requests."""
