# Two commands matter: `make run` brings everything up on this machine, `make test` shows that it works.
# They need Python 3.11 or later with venv, and make; nothing is installed outside .venv and CHANCERY_HOME.

PY = .venv/bin/python
# A file is one worker's, and files come in the order of their folders: whoever has tested one page in a browser has the servers
# for the next. The plugin that is left out would be read by every process and is not used. What hangs shows where.
TEST = -n 2 --dist loadfile --no-loadscope-reorder -p no:langsmith_plugin -o faulthandler_timeout=600

.POSIX:
.PHONY: help run demo test lint messages pictures venv venv-dev clean

help:
	@echo "make run    start everything, seed the demo, ask a first question (Ctrl-C stops it)"
	@echo "make demo   the main job from end to end, printed; exits 0 or says what broke"
	@echo "make test   the tests, against real services that they start themselves"
	@echo "make lint   style, types, import contracts, templates"
	@echo "make messages  the catalogues of translations, anew from the code (needs gettext)"
	@echo "make pictures  the pictures of the documentation, anew from the demo (needs Chromium)"
	@echo "make clean  remove .venv and caches; CHANCERY_HOME (./var) is left alone"

run: venv
	@exec $(PY) manage.py up

demo: venv
	@exec $(PY) manage.py up --then demo

test: venv-dev
	$(PY) -m pytest $(TEST) $(ARGS)

lint: venv-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(PY) -m mypy --strict .
	.venv/bin/lint-imports
	.venv/bin/djlint --check --lint templates

messages: venv-dev
	$(PY) manage.py makemessages --locale de --no-obsolete
	$(PY) manage.py compilemessages --locale de

pictures: venv-dev
	CHANCERY_PICTURES=docs/pictures $(PY) -m pytest tests/browser/test_pictures.py $(ARGS)

venv:
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements.lock

venv-dev:
	@PYTHON="$(PYTHON)" sh deploy/venv.sh requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
