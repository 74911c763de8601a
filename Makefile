# Two commands for a newcomer: `make demo` and `make test`. Everything else is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := companion pipelines device_sim recordings tests training

.PHONY: demo test test-browser test-dask test-live conformance fuzz scenes check bench bench-turns bench-first-word bench-links bench-peers format samples lock clean help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Earshot needs Python 3.11 or newer; this is %s. Try: make PYTHON=python3.11 demo" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## a wearer with simulated glasses asks aloud and is answered aloud
	$(BIN)/companion demo

test: $(STAMP) ## the test suite, three files at a time: much of it waits for sessions in real time
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-browser: $(STAMP) ## the page and the session page in a real Chromium (Debian: apt-get install chromium)
	$(BIN)/python -m pytest -m browser -rs

test-dask: $(STAMP) ## many recordings on several workers of a Dask cluster, one of them killed
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dask]'
	$(BIN)/python -m pytest -m dask -rs

test-live: $(STAMP) ## longer live sessions, each replayed to the same decisions
	EARSHOT_LIVE=1 $(BIN)/python -m pytest tests/test_live_goldens.py -rs

conformance: $(STAMP) ## the model side against software that others wrote (installs about 1.4 GB beside the sources)
	PYTHON=$(BIN)/python tests/conformance/run.sh

fuzz: $(STAMP) ## thousands of hostile recordings, 120,000 messages at the bridge, 100,000 knocks at the front door
	FUZZ_CASES=$${FUZZ_CASES:-3000} $(BIN)/python -m pytest -m fuzz -rs

scenes: $(STAMP) ## every scene, with a companion each: a table of what passes and what is a known gap, last line JSON
	$(BIN)/python -m tests.all_scenes $(SCENES)

bench: $(STAMP) ## how fast, how cheap, how right: readable tables, last line JSON
	$(BIN)/python -m tests.bench.bench_turns
	$(BIN)/python -m tests.bench.bench_first_word
	$(BIN)/python -m tests.bench.bench_idle
	$(BIN)/python -m tests.bench.bench_media
	$(BIN)/python -m tests.bench.bench_wearers
	$(BIN)/python -m tests.bench.bench_wires
	$(BIN)/python -m tests.bench.bench_hearing
	$(BIN)/python -m tests.bench.bench_echo
	$(BIN)/python -m tests.bench.bench_reading
	$(BIN)/python -m tests.bench.bench_voices
	$(BIN)/python -m tests.bench.bench_recording
	$(BIN)/python -m tests.bench.bench_crash
	$(BIN)/python -m tests.bench.bench_replay
	$(BIN)/python -m tests.bench.bench_batch
	$(BIN)/python -m tests.bench.bench_dialects
	$(BIN)/python -m tests.bench.bench_modes
	$(BIN)/python -m tests.bench.bench_memory
	$(BIN)/python -m tests.bench.bench_memory_days
	$(BIN)/python -m tests.bench.bench_permission
	$(BIN)/python -m tests.bench.bench_clips
	$(BIN)/python -m tests.bench.bench_lens

bench-turns: $(STAMP) ## when turns end, when the companion falls silent, and when it stays so: on an audio clock
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[espeak,aec]'
	$(BIN)/python -m tests.bench.bench_turn_taking $(TURNS)

bench-first-word: $(STAMP) ## from the end of a question to the first word of the sign, shares shown; FIRST="--turns 12"
	$(BIN)/python -m tests.bench.bench_first_word $(FIRST)

bench-links: $(STAMP) ## how soon what pushes is seen: WHIP by FFmpeg and as OBS does it, RTMP, RTSP; and after a cut
	$(BIN)/python -m tests.bench.bench_links

bench-peers: $(STAMP) ## voice to voice beside pipecat, LiveKit and FastRTC; PEERS="--quick" (installs about 3 GB)
	$(BIN)/python -m tests.bench.bench_peers $(PEERS)

check: $(STAMP) ## format, lint, types, import contracts
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

samples: $(STAMP) ## record the four sessions with something wrong anew, one after another
	$(BIN)/python -m tests.live cut_off --seed 5 --out recordings/samples/cut-off.mcap
	$(BIN)/python -m tests.live wrong_frame --seed 5 --out recordings/samples/wrong-frame.mcap
	$(BIN)/python -m tests.live slow_turn --seed 5 --out recordings/samples/slow-turn.mcap
	$(BIN)/python -m tests.live model_error --seed 5 --out recordings/samples/model-error.mcap

lock: ## pin every dependency again, for every platform, with hashes
	$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --extra dev --extra espeak \
		--no-header --no-emit-index-url --quiet --upgrade -o requirements.lock pyproject.toml

clean: ## remove the virtual environment
	rm -rf $(VENV) $(VENV)-lock .conformance .peers
