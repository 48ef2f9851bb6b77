# Guitai: two commands do everything. `make run` serves the product, `make test` proves it.
SHELL := /bin/bash
PORT ?= 8000
HOST ?= 127.0.0.1
PY := .venv/bin/python
NAME ?=

.PHONY: run setup check test quick bench soak shots clean packages

run: setup ## serve the product at PORT with nothing else installed; HOST=0.0.0.0 lets phones in
	@DEBUG=$${DEBUG-1} exec $(PY) manage.py serve --host $(HOST) --port $(PORT)

setup: .venv/.ready node_modules/.ready locale/.ready

.venv/.ready: requirements.txt
	@echo "Installing the locked Python packages …"
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: .venv/.ready requirements-dev.txt
	@echo "Installing the developers' packages …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.ready: package-lock.json
	@echo "Installing the browser's packages …"
	@npm ci --silent --no-audit --no-fund
	@touch $@

# The stamp lies beside the compiled files, which git ignores.
locale/.ready: $(wildcard locale/*/LC_MESSAGES/*.po) .venv/.ready
	@.venv/bin/pybabel --quiet compile --directory locale --domain django --statistics 2>/dev/null \
	  || .venv/bin/pybabel compile --directory locale --domain django
	@touch $@

check: setup .venv/.dev ## style, types, contracts, migrations, deployment, translations
	@.ci/check

packages:
	@.ci/packages

# Real processes and browsers on a shared machine: a slow test may try again, a quick one may not.
# Each of the two workers has a database and a server of its own; whoever is done takes of the other's.
# Last, what locks and constrains is asked of PostgreSQL too.
test: check packages ## everything
	@$(PY) -m pytest tests -m "not slow" -n 2
	@$(PY) -m pytest tests -m slow -n 2 --dist worksteal --reruns 2 --durations 10
	@.ci/postgres $(PY) -m pytest tests/merchants tests/orders tests/test_invariants.py tests/races/test_races.py tests/races/test_pay_races.py tests/races/test_draw_races.py tests/races/test_waitlist_races.py tests/races/test_crowd_races.py tests/races/test_voucher_races.py tests/races/test_flash_races.py tests/races/test_flash_first_races.py tests/races/test_exchange_races.py tests/races/test_coupon_races.py tests/races/test_pressed_at_once.py -n 2 --reruns 1

quick: setup .venv/.dev ## the part that takes under a minute: all but servers, browsers and matrices
	@$(PY) -m pytest tests -m "not slow and not broad" -n 2

bench: setup .venv/.dev packages ## figures beside their references; NAME=fanout runs one
	@$(PY) -m bench $(NAME)

soak: setup .venv/.dev packages ## a show of MINUTES (20) with a thousand viewers and a fault each minute
	@SOAK_MINUTES=$${MINUTES-20} SOAK_VIEWERS=$${VIEWERS-1000} $(PY) -m pytest tests/soak -m slow -s

shots: setup .venv/.dev packages ## a picture of every screen, into shots/
	@$(PY) -m tests.shots

clean: ## forget the shop's data; keeps what was installed
	rm -rf var staticfiles shots test-results
