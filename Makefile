# make demo   set everything up, render the sample, walk the whole path (run it again: it adds nothing)
# make test   set everything up, check types and rooms, run the tests
# make bench  the ratios of docs/bench.md, measured here
# make speech-model   the speech model of the tests, for trial as well: build/speech-model (133 MB to fetch)
.PHONY: demo test bench fire fire-guest setup lint clean speech-model

DEMO = demo/station

setup:
	./setup.sh run

demo: setup
	.venv/bin/avrecord --root $(DEMO) demo --once

test:
	./setup.sh test
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory speech-model || echo '!!! no speech model: the tests that hear are SKIPPED !!!'
	.venv/bin/pytest -n 2 --dist loadgroup

lint:
	.venv/bin/ruff check src tests bench sample_media
	.venv/bin/ruff format --check src tests bench sample_media
	.venv/bin/mypy
	.venv/bin/lint-imports

speech-model:
	./setup.sh test
	.venv/bin/python tests/speech/model.py

# The long drills at their full counts; `make test` runs the same ones with fewer rounds.
fire:
	./setup.sh test
	AVRECORD_FULL=1 .venv/bin/pytest -n 2 --timeout 50000 --dist loadgroup tests/crash tests/fire tests/generated

# A dock PC with real USB, emulated: FAT cards torn out, the clock set, the wall switch. Transcript in build/fire-guest.
fire-guest:
	./setup.sh guest
	rm -f build/fire-guest/transcript.txt
	AVRECORD_GUEST=1 .venv/bin/pytest --timeout 7200 tests/fire/guest

bench:
	./setup.sh test
	.venv/bin/python bench/ingest.py
	.venv/bin/python bench/check.py
	.venv/bin/python bench/speed.py
	.venv/bin/python bench/isolation.py
	.venv/bin/python bench/recall.py
	.venv/bin/python bench/verify.py
	$(MAKE) --no-print-directory speech-model
	.venv/bin/python bench/speech.py

clean:
	rm -rf build demo .pytest_cache .mypy_cache .ruff_cache
