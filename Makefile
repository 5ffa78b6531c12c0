# Each target is one line of Python that works without make:  python3 tools/portal.py run
PYTHON ?= python3

.PHONY: run test setup lint real backtest succession bench removal long lock
run test setup lint real backtest succession bench removal long lock:
	@$(PYTHON) tools/portal.py $@
