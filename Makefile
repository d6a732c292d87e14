# Tutor Quality: every command a developer needs; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run token import test check bench synth deploy clean

PYTHON := .venv/bin/python
UV := .tools/bin/uv
UV_VERSION := 0.13.8
STAGE ?= dev
export PORT WORLD FRESH ROLE TUTOR WEBHOOK_SECRET

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/made ## Install what the project needs, in .venv and .tools

.venv/made: uv.lock pyproject.toml $(UV)
	@$(UV) sync --frozen --quiet
	@touch $@

$(UV):
	@python3 -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

node_modules/made: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

run: setup ## Run everything here until Ctrl-C (PORT=8080 WORLD=demo|empty|full FRESH=1)
	@$(PYTHON) -m infra_cdk.local run

token: setup ## Print a bearer token (ROLE=ops_manager|people_ops|service|tutor|student|admin TUTOR=id)
	@$(PYTHON) -m infra_cdk.local token

import: setup ## Load a folder of CSV files into what runs here (HISTORY=dir)
	@$(PYTHON) -m infra_cdk.local import "$(HISTORY)"

synth: setup node_modules/made ## Write the CloudFormation template of STAGE=dev|prod, without an AWS account
	@npx cdk synth --quiet -c stage=$(STAGE)

deploy: setup node_modules/made ## Deploy STAGE=dev|prod to the AWS account of the shell
	npx cdk deploy -c stage=$(STAGE)

clean: ## Forget the local stack and everything that was built
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m infra_cdk.local clean; fi
	@rm -rf build cdk.out node_modules
