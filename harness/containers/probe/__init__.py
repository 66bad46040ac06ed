"""The questions of probes that go over the network, asked next to the service: no faults lie on that way."""
