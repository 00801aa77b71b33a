# Two commands matter: `make run` brings everything up on this machine, `make test` shows that it works.
# They need Python 3.11 or later with venv, and make; nothing is installed outside .venv and CHANCERY_HOME.

PY = .venv/bin/python

.POSIX:
.PHONY: help run demo test lint venv venv-dev clean

help:
	@echo "make run    start everything, seed the demo, ask a first question (Ctrl-C stops it)"
	@echo "make demo   the main job from end to end, printed; exits 0 or says what broke"
	@echo "make test   the tests, against real services that they start themselves"
	@echo "make lint   style, types, import contracts, templates"
	@echo "make clean  remove .venv and caches; CHANCERY_HOME (./var) is left alone"

run: venv
	@exec $(PY) manage.py up

demo: venv
	@exec $(PY) manage.py up --then demo

test: venv-dev
	$(PY) -m pytest $(ARGS)

lint: venv-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(PY) -m mypy --strict .
	.venv/bin/lint-imports
	.venv/bin/djlint --check --lint templates

venv:
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements.lock

venv-dev:
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
