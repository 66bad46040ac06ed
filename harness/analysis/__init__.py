"""Floor 1: a finished run in, findings and a verdict out. Pure: no I/O, no clock, no randomness without a seed.

`judge.judge(record)` is the whole room in one call; `wire.verdict_to_json` is its answer as verdict.json holds it.
"""
