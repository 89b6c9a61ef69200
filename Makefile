# Two commands matter: `make run` ends with a ringing desk, `make test` shows that it works. `make` alone prints this list.
PYTHON ?= python3
ROLE ?= supervisor
TEST_TIMEOUT ?= 180
CAMPAIGN_TIMEOUT ?= 3600
# The bootstrap makes .venv where it is missing or its lock file changed, then becomes the venv's Python.
RUN = $(PYTHON) -I launcher/bootstrap.py run --
TEST = $(PYTHON) -I launcher/bootstrap.py run,test --
TEST_ALL = $(PYTHON) -I launcher/bootstrap.py run,test --system-packages --

.DEFAULT_GOAL := help
.PHONY: help run install restart backup verify-backup restore verify-recordings rotate-recording-keys bring-recording-keys give-up-recording-keys settle-recordings call probe test campaign faults bench screenshots check lint audit unit token check-config doctor prompts prompts-report clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1  \2/p' Makefile

run: ## set up all that is needed, start it, end with the desk's address; Ctrl-C ends it
	@HOTLINE_DEMO=1 exec $(RUN) -m launcher run

install: ## as root: the service on this machine, made or brought up to date (docs/operations.md)
	@exec $(RUN) -m launcher.install

call: ## a synthetic citizen rings (LINE=12345 and NUMBER=13855700001 if you like)
	@HOTLINE_DEMO=1 exec $(RUN) -m launcher call $(if $(LINE),--line $(LINE)) $(if $(NUMBER),--number $(NUMBER))

probe: ## ring every number from outside now (the running probe does it) and tell what was heard
	@exec $(RUN) -m probe now

token: ## a bearer token for the API: make -s token ROLE=supervisor
	@exec $(RUN) -m agent_desktop.token $(ROLE) $(SYSTEM)

check-config: ## explain every mistake in HOTLINE_* and the city's YAML file
	@exec $(RUN) -m launcher check-config

doctor: ## examine everything, each line green or with its cure: make -s doctor JSON=1 for programs
	@exec $(RUN) -m doctor $(if $(JSON),--json)

prompts: ## render the announcements that citizens hear
	@exec $(PYTHON) -I launcher/bootstrap.py run,prompts -- -m ivr.render

prompts-report: ## let a recogniser hear every announcement and write docs/prompts.md
	@exec $(TEST_ALL) -m tests.prompts_report

restart: ## restart bridge, desk, relay, worker and front one by one while calls run: PARTS="bridge desk" for some
	@exec $(RUN) -m launcher restart $(PARTS)

backup: ## copy databases, ledger, keys, settings and prompts of the running hotline to HOTLINE_BACKUP, and prove the copy
	@exec $(RUN) -m backup make

verify-backup: ## read every byte of the newest backup and of the recordings it names: FROM=folder for another one
	@exec $(RUN) -m backup verify $(if $(FROM),--from '$(FROM)')

restore: ## bring the newest backup back into an empty HOTLINE_HOME: FROM=folder for another one
	@exec $(RUN) -m backup restore $(if $(FROM),--from '$(FROM)')

verify-recordings: ## prove that no recording was altered, removed or put in: HEAD='day head' as it was kept outside, or a file of such lines
	@exec $(RUN) -m recordings verify $(if $(HEAD),--head '$(HEAD)')

rotate-recording-keys: ## wrap all keys of recordings with a new master key, which takes the old one's place
	@exec $(RUN) -m recordings rotate

bring-recording-keys: ## bring home the keys of recordings that are missing, from the copy beside the backups: FROM=file for another one
	@exec $(RUN) -m recordings bring-keys $(if $(FROM),--from '$(FROM)')

give-up-recording-keys: ## keys or master keys of recordings are lost for good: begin new ones, and write down why: REASON='words'
	@exec $(RUN) -m recordings give-up --reason '$(REASON)'

settle-recordings: ## what is not well with recordings was seen to: end the alarms that there are, and write down how: REASON='words'
	@exec $(RUN) -m recordings settle --reason '$(REASON)'

test: ## install what tests need, check, and run every test
	@$(TEST_ALL) -m launcher.lint
	@$(TEST) -m launcher fetch
	@exec $(TEST_ALL) -m pytest --timeout $(TEST_TIMEOUT) -n 2 --dist loadfile --no-loadscope-reorder

campaign: ## every path, failure and torn byte, with tables in build/campaign: ONLY=menu_paths N=9 SEED=7 if you like
	@$(TEST) -m launcher fetch
	@exec $(TEST_ALL) -m pytest --timeout $(CAMPAIGN_TIMEOUT) -m campaign $(if $(ONLY),-k '$(ONLY)') $(if $(N),--runs $(N)) $(if $(SEED),--seed $(SEED))

faults: ## a crowd is served while one part after the other fails, as root: ONLY='disk or Redis' N=20 SEED=7 if you like
	@$(TEST) -m launcher fetch
	@exec $(TEST_ALL) -m pytest --timeout $(CAMPAIGN_TIMEOUT) -m campaign tests/faults $(if $(ONLY),-k '$(ONLY)') $(if $(N),--runs $(N)) $(if $(SEED),--seed $(SEED))

bench: ## measure ours beside its peers, report in build/bench/report.md: ONLY=menu HOURS=1 RUN=2 (a second run beside the first) if you like
	@$(TEST) -m launcher fetch
	@exec $(TEST_ALL) -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(HOURS),--hours $(HOURS)) $(if $(filter command,$(origin RUN)),--run $(RUN)) $(if $(SEED),--seed $(SEED)) $(if $(PUBLISH),--publish)

screenshots: ## pictures of every page and state, light and dark, two sizes, in build/screenshots: ONLY=tickets for one tour, PUBLISH=1 for docs
	@$(TEST) -m launcher fetch
	@ONLY='$(ONLY)' PUBLISH='$(PUBLISH)' exec $(TEST_ALL) -m tests.screenshots

check: lint ## ruff, mypy, import-linter, unit tests and transcripts, in under a minute
	@exec $(TEST) -m pytest --timeout $(TEST_TIMEOUT) -q -m "unit or transcripts"

audit: ## are all packages pinned, unchanged and without a known vulnerability
	@exec $(RUN) -m launcher.audit

lint: ## ruff, mypy and import-linter
	@exec $(TEST) -m launcher.lint

unit: ## unit tests only
	@exec $(TEST) -m pytest --timeout $(TEST_TIMEOUT) -q -m unit

clean: ## remove caches and the Python environment (never HOTLINE_HOME)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
