# Tutor Quality: every command a developer needs; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run token import test check audit sbom site packages units bench simulate fuzz deep deep-faults deep-no-faults deep-no-redrive deep-mutants deep-audit deep-fuzz docs preview-mails screenshots demo-video synth deploy publish-site publish-model rollback-model dry-run mail-again student operate restore drill remove-synthetic clean

PYTHON := .venv/bin/python
UV := .tools/bin/uv
UV_LOCK := infra_cdk/package/tool.lock
STAGE ?= dev
RUBY_PACKAGES := ruby ruby-minitest ruby-activerecord ruby-activejob ruby-sqlite3
export PORT WORLD FRESH ROLE TUTOR WEBHOOK_SECRET
# Threads that wait for work sleep, so that training does not starve what else runs here.
export OMP_WAIT_POLICY := PASSIVE
PYTEST := .venv/bin/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 10

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/made ## Install what the project needs, in .venv and .tools

.venv/made: uv.lock pyproject.toml $(UV)
	@$(UV) sync --frozen --quiet
	@touch $@

$(UV): $(UV_LOCK)
	@python3 -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(UV_LOCK)
	@touch $@

frontend_static/node_modules/made: frontend_static/package-lock.json
	@cd frontend_static && npm ci --no-audit --no-fund --loglevel=error
	@cp $< $@

node_modules/made: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

run: setup ## Run everything here until Ctrl-C (PORT=8080 WORLD=demo|empty|full FRESH=1)
	@$(PYTHON) -m infra_cdk.local run

token: setup ## Print a bearer token (ROLE=ops_manager|people_ops|service|tutor|student|admin TUTOR=id)
	@$(PYTHON) -m infra_cdk.local token

import: setup ## Load a folder of CSV files into what runs here (HISTORY=dir)
	@$(PYTHON) -m infra_cdk.local import "$(HISTORY)"

check: setup ## Lint, types and import rules; what pre-commit runs
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy
	@mkdir -p build
	@.venv/bin/lint-imports --no-cache > build/imports.txt 2>&1 || (cat build/imports.txt; exit 1)

test: ## Everything that must hold, as CI runs it
	@$(MAKE) --no-print-directory --output-sync -j 4 check audit site units
	@$(PYTEST) tests/e2e

audit: setup ## What is known against other people's code; tells where no advisories are to be had
	@$(PYTHON) -m infra_cdk.supply.audit

sbom: setup ## Write what is in each layer and the site to build/sbom, as CycloneDX
	@$(PYTHON) -m infra_cdk.supply.bill

units: setup packages
	@$(if $(CI),REQUIRE_RAILS=1) $(PYTEST) --ignore tests/e2e

site: frontend_static/node_modules/made ## Check the site: generated types, lint, unit tests
	@cd frontend_static && npm run --silent check && npm run --silent test

packages:
	@missing=; \
	  ruby -e 'require "active_record"; require "active_job"; require "minitest"' 2>/dev/null || \
	    missing="$(RUBY_PACKAGES)"; \
	  command -v chromium >/dev/null || missing="$$missing chromium"; \
	  [ -z "$$missing" ] || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    apt-get -qq update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
	      --no-install-recommends $$missing >/dev/null; } || \
	  echo "Skipping what needs Ruby or a browser; on Debian: apt-get install $$missing"

bench: setup node_modules/made ## Measure this machine: webhook, burst, scoring, reads, units and dollars (PART=…)
	@$(PYTHON) -m tests.bench $(PART)

simulate: setup ## Histories with simulated faults; what is wrong with any (SEEDS=500 FIRST=0 MUTANTS=1)
	@$(PYTHON) -m tests.simulation$(if $(MUTANTS),.mutants,$(if $(SEEDS), --seeds $(SEEDS))$(if $(FIRST), --first $(FIRST)))

fuzz: $(UV) ## Bytes of any sort against signature and contracts, on Linux (SECONDS=120 for each target, TARGET=verify, KEEP=1)
	@UV_PROJECT_ENVIRONMENT=build/fuzz-env $(UV) run --frozen --quiet --only-group fuzz \
	  python -m tests.fuzz --seconds $(or $(SECONDS),120) $(if $(KEEP),--keep) $(TARGET)

# Other histories each day; any of them is played again by its seed.
NIGHT := $(shell expr $$(date +%s) / 86400 \* 10000)
NIGHTLY_faults := 10000
NIGHTLY_no-faults := 3000
NIGHTLY_no-redrive := 2000
# What fails keeps nothing else from being looked at.
deep: setup packages ## What takes too long for each change, for a nightly job: some three hours
	@$(MAKE) --no-print-directory --keep-going deep-faults deep-no-faults deep-no-redrive \
	  deep-mutants deep-audit deep-fuzz

deep-mutants: setup
	@$(PYTHON) -m tests.simulation.mutants

deep-audit: setup
	@AUDITED_READS=10000 $(PYTEST) tests/functions/test_audit_of_reads.py

deep-fuzz: setup
	@FUZZ_EXAMPLES=100 $(PYTEST) tests/e2e/test_fuzz.py
	@$(MAKE) --no-print-directory fuzz SECONDS=600

deep-faults deep-no-faults deep-no-redrive: setup
	@$(PYTHON) -m tests.simulation --mode "$(subst -, ,$(@:deep-%=%))" --seeds $(NIGHTLY_$(@:deep-%=%)) --first $(NIGHT)

backtest: setup ## Test the churn model on a history (HISTORY=dir TRAIN_UNTIL=date TEST_FROM=date OUT=dir TEST_UNTIL= THREADS=)
	@$(PYTHON) -m shared.ml backtest --history "$(HISTORY)" --train-until "$(TRAIN_UNTIL)" \
	  --test-from "$(TEST_FROM)" --test-until "$(TEST_UNTIL)" --out "$(OUT)" --threads "$(THREADS)"

train: setup ## Train a churn model on a history (HISTORY=dir OUT=build/model TRAIN_UNTIL= THREADS=)
	@$(PYTHON) -m shared.ml train --history "$(HISTORY)" --train-until "$(TRAIN_UNTIL)" \
	  --out "$(or $(OUT),build/model)" --threads "$(THREADS)"

docs: setup ## Write the generated documents: definitions, features, retention, licences, demo, OpenAPI, …
	@$(PYTHON) -m infra_cdk.architecture > docs/architecture.md
	@$(PYTHON) -m infra_cdk.demo.page > docs/demo.md
	@$(PYTHON) -m infra_cdk.supply.licence_page > docs/licenses.md
	@$(PYTHON) -m shared.domain.definition > docs/definitions.md
	@$(PYTHON) -m shared.ml.feature_page > docs/features.md
	@$(PYTHON) -m shared.aws.retention > docs/retention.md
	@$(PYTHON) -m shared.openapi > docs/openapi.json

preview-mails: setup ## Write a sample of every mail to build/mails, with pictures where Chromium is
	@$(PYTHON) -m infra_cdk.mail_preview

screenshots: setup ## Take a picture of every page of what `make run` shows, in build/screenshots
	@$(PYTHON) -m infra_cdk.local.screenshots

demo-video: setup ## Play docs/demo.md in Chromium and film it, in build/demo (TUTOR=whom it is about)
	@$(PYTHON) -m infra_cdk.demo

synth: setup node_modules/made ## Write the CloudFormation template of STAGE=dev|prod, without an AWS account
	@node_modules/.bin/cdk synth --quiet -c stage=$(STAGE)

deploy: setup node_modules/made ## Deploy STAGE=dev|prod to the AWS account of the shell (AT_ONCE=1 without canary)
	node_modules/.bin/cdk deploy --all -c stage=$(STAGE)$(if $(AT_ONCE), -c at-once=1)
	$(MAKE) publish-site

publish-site: setup ## Build the site and put it where STAGE=dev|prod serves it
	@$(PYTHON) -m infra_cdk.publish_site --stage "$(STAGE)"

publish-model: setup ## Store a model of `make train`, not yet in force (OUT=build/model STAGE=local|dev|prod)
	@$(PYTHON) -m infra_cdk.churn_model publish "$(or $(OUT),build/model)" --stage "$(STAGE)"

rollback-model: setup ## Put an earlier churn model in force (STAGE=local|dev|prod VERSION=…)
	@$(PYTHON) -m infra_cdk.churn_model roll-back --stage "$(STAGE)" --version "$(VERSION)"

dry-run: setup ## What moved dials or thresholds would have brought in 30 days (SET="reschedule_rate=0.2" STAGE=local|dev|prod)
	@$(PYTHON) -m infra_cdk.dry_run --stage "$(STAGE)" $(SET)

mail-again: setup ## Mail an address again that bounced or complained (ADDRESS=… STAGE=local|dev|prod)
	@$(PYTHON) -m infra_cdk.mail_again --stage "$(STAGE)" "$(ADDRESS)"

student: setup ## What is stored of a student, or to forget who it was (DO="export u-3|erase u-3|erase-again" STAGE=)
	@$(PYTHON) -m infra_cdk.student --stage "$(STAGE)" $(DO)

operate: setup ## What runbooks ask for: pending, redrive QUEUE, … (DO="redrive scoring" STAGE=local|dev|prod)
	@$(PYTHON) -m infra_cdk.operate --stage "$(STAGE)" $(DO)

restore: setup ## Bring the table back to a point in time, step by step (DO="begin" STAGE=local|dev|prod)
	@$(PYTHON) -m infra_cdk.restore --stage "$(STAGE)" $(DO)

drill: setup ## Restore the table into another one, compare every item, remove it (STAGE=local|dev|prod)
	@$(PYTHON) -m infra_cdk.restore --stage "$(STAGE)" drill

remove-synthetic: setup ## Stop the synthetic feed and remove all it brought (STAGE=local|dev)
	@$(PYTHON) -m infra_cdk.synthetic remove --stage "$(STAGE)"

clean: ## Forget the local stack and everything that was built
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m infra_cdk.local clean; fi
	@rm -rf build cdk.out node_modules
