# Two commands do all the set-up themselves: make demo, make test.
.PHONY: help demo test test-postgresql check format lock bench bench-matching bench-formats bench-service kill-trials mutants picture deb rpm emulated clean
PY := .venv/bin/python

help:
	@echo "make demo          the whole main job on this computer, on real files (ONCE=1: unattended, with a verdict)"
	@echo "make test          style, types, import rules and the whole suite"
	@echo "make test-postgresql  the collector's tests on PostgreSQL, in a cluster that is thrown away"
	@echo "make bench         speed and recall of 'mijian scan' against other tools in the same run"
	@echo "make bench-matching speed of the search alone beside other engines"
	@echo "make bench-formats what each format costs, beside ClamAV, a program that only inflates, and PDFium alone"
	@echo "make bench-service the agent as a service: start-up, media verdicts, first finding, idle (root; 25 minutes)"
	@echo "make kill-trials  300 kills of agent, supervisor, worker and collector while 2,000 violations are told (half an hour)"
	@echo "make mutants       changes the marking grammar in thousands of small ways and tells which of them no test notices (hours; ONLY='signatures.markings.terms*')"
	@echo "make check         style, types and import rules alone"
	@echo "make picture       the README's picture of the review page, taken from a running demo"
	@echo "make deb           a Debian package of the agent; TRY=1 installs, updates and purges it in a fresh Debian root"
	@echo "make emulated      the package in an emulated computer (QEMU), with sticks plugged in and out (root; some minutes)"
	@echo "make rpm           the same as an rpm, on the system it is for (needs rpmbuild)"
	@echo "make lock          renew the locked versions"

demo:
	@deploy/setup.sh demo
	@$(PY) deploy/demo/demo.py $(if $(ONCE),--once) $(DEMO_OPTIONS)

test: check
	@$(PY) -m pytest -n auto --dist worksteal -q $(PYTEST_OPTIONS)

test-postgresql:
	@deploy/setup.sh test
	@deploy/test-postgresql.sh $(TESTS)

check:
	@deploy/setup.sh test
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports

format:
	@$(PY) -m ruff check --fix . && $(PY) -m ruff format .

bench-matching:
	@deploy/setup.sh bench
	@$(PY) -m bench.matching $(BENCH_OPTIONS)

kill-trials:
	@deploy/setup.sh test
	@MIJIAN_KILLS=$(or $(KILLS),300) MIJIAN_FILES=$(or $(FILES),2000) $(PY) -m pytest -q -s tests/test_kills.py

mutants:
	@deploy/setup.sh test
	@[ -x .venv/bin/mutmut ] || $(PY) -m pip install -q --disable-pip-version-check 'mutmut>=3.8,<4'
	@.venv/bin/mutmut run $(if $(JOBS),--max-children $(JOBS)) $(if $(ONLY),'$(ONLY)') >mutants.txt
	@echo "not killed:"; .venv/bin/mutmut results | grep -v ': not checked$$' || echo "    none"

bench-formats:
	@deploy/setup.sh bench
	@$(PY) -m bench.formats $(BENCH_OPTIONS)

bench-service:
	@deploy/setup.sh bench
	@$(PY) -m bench.service $(BENCH_OPTIONS)

bench:
	@deploy/setup.sh bench
	@$(PY) -m bench.run $(BENCH_OPTIONS)

picture:
	@deploy/setup.sh test
	@$(PY) deploy/demo/demo.py --once --picture docs/pictures/review.png

deb:
	@deploy/setup.sh test
	@deploy/deb/build.sh $(VERSION)
	@$(if $(TRY),deploy/deb/try.sh)

emulated: deb
	@$(PY) -m pytest -q -s tests/deploy/emulated.py

rpm:
	@deploy/setup.sh test
	@deploy/rpm/build.sh $(VERSION)

lock:
	@deploy/setup.sh test
	@deploy/lock.sh

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build bench/made demo-state mutants mutants.txt
