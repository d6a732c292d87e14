"""CDK entry point: `cdk synth -c stage=dev`; tests call `build_app`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra_cdk.edge import EdgeStack
from infra_cdk.stack import TutorQualityStack
from infra_cdk.stage import STAGES, Stage


def build_app(
    stage: Stage, *, outdir: Path | None = None, context: Mapping[str, Any] | None = None
) -> App:
    """The app with one stage in it; its synth fails on any finding that is not accepted."""
    app = App(outdir=str(outdir) if outdir else None, context=dict(context or {}))
    stack = TutorQualityStack(app, stage=stage)
    if stage.web_acl:
        stack.add_stack_dependency(EdgeStack(app, stage=stage))  # which tells its web ACL
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def main() -> None:
    """What `cdk` runs; context and output folder come through the environment."""
    name = App().node.try_get_context("stage") or "dev"
    build_app(STAGES[name]).synth()


if __name__ == "__main__":
    main()
