# Tools that setup installs must be found in the same call, also where the caller has a short PATH.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
# Where bytecode may not be written, every command would compile all of ours anew: a quarter of a second each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check truth crash faults-evidence drills bench bench-http bench-plugin constraints fuzz gate-evidence

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup:  ## engine, Compose, .venv, report assets, images: whatever is missing
	@scripts/bootstrap

demo:  ## set up, then replay AWS us-east-1 of 2021-12-07 and show the verdict
	@scripts/bootstrap
	@.venv/bin/regionfall demo

# Four files at a time (tests/conftest.py says who runs beside whom). Nice, because to the kernel all containers together
# are one task among our own processes: a load generator would be late whenever some commands start. What failed is tried
# once more, alone, and both runs are shown: a machine that is busy with something else disturbs what measures.
SIDE_BY_SIDE = -n 4 --dist loadfile --no-loadscope-reorder

test:  ## set up, then the tests (needs Docker; about twelve minutes on two processors)
	@scripts/bootstrap --tests
	@nice -n 10 .venv/bin/python -m pytest tests -m "not drill" $(SIDE_BY_SIDE) || { [ $$? = 1 ] && echo "once more, alone: what failed" \
	  && .venv/bin/python -m pytest tests -m "not drill" --last-failed --last-failed-no-failures none; }

check:  ## lint, types, unit tests (no Docker; under a minute)
	@scripts/bootstrap --python
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/python -m pytest -q tests/unit -n 2 --dist worksteal

truth:  ## the whole replay varied in every way it claims to stand; resumable, about an hour
	@scripts/bootstrap
	@.venv/bin/python scripts/truth

faults:  ## write again what follows from the catalogue of faults: docs/faults.md, the schema of experiment files
	@.venv/bin/python -m harness.spec.faults_page > .page.new && mv .page.new docs/faults.md
	@.venv/bin/python -m harness.spec.schema > .schema.new && mv .schema.new harness/spec/experiment-v1.schema.json

crash:  ## 200 seeded kills of everything that is ours while faults hold; resumable, about an hour, needs root
	@scripts/bootstrap
	@.venv/bin/python scripts/crash --evidence docs/evidence/crash.json
	@REGIONFALL_OWN_ENGINE=1 .venv/bin/python -m pytest tests/crash/test_own_engine.py

fuzz:  ## 10 000 hostile inputs at every way in, about five minutes; evidence in docs/evidence/fuzz.json
	@scripts/bootstrap --python
	@.venv/bin/python scripts/fuzz

faults-evidence:  ## measure every fault of the catalogue on a small guest; resumable, about 10 minutes
	@scripts/bootstrap
	@.venv/bin/python scripts/faults

gate-evidence:  ## the example project's gate 40 times, changed and unchanged; resumable, about 80 minutes, wants quiet
	@scripts/bootstrap
	@.venv/bin/python scripts/gate

drills:  ## the long end-to-end tests that `make test` leaves out, one at a time; resumable, about forty minutes
	@scripts/bootstrap --drills
	@REGIONFALL_OWN_ENGINE=1 .venv/bin/python scripts/drills

bench:  ## a region of 500 edges goes and comes back, beside toxiproxy-python's own loop; two minutes, wants quiet
	@scripts/bootstrap
	@.venv/bin/python benchmarks/region.py

bench-http:  ## what HAProxy costs on an edge: plain against http, in turns, one minute
	@scripts/bootstrap
	@.venv/bin/python benchmarks/haproxy_cost.py

bench-plugin:  ## what the pytest plugin costs a suite that does not use it; one minute
	@scripts/bootstrap --python
	@.venv/bin/python benchmarks/plugin_cost.py

constraints:  ## pin every Python package anew
	@scripts/constraints
