# Short names for `python3 bootstrap.py …`, which sets itself up.
.PHONY: sandbox test nightly check format bench chaos soak docs setup
setup:
	python3 bootstrap.py setup
sandbox:
	python3 bootstrap.py sandbox
test:
	python3 bootstrap.py test
nightly:
	python3 bootstrap.py nightly
bench:
	python3 bootstrap.py bench
soak:
	python3 bootstrap.py soak
docs:
	python3 bootstrap.py docs
chaos:
	python3 bootstrap.py chaos
format: setup
	.venv/bin/ruff format . && .venv/bin/ruff check --fix .
check: setup
	.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/lint-imports && .venv/bin/mypy
