"""CDK entry point: `cdk synth -c stage=dev`; tests call `build_app`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra_cdk.edge import EdgeStack
from infra_cdk.stack import TutorQualityStack
from infra_cdk.stage import STAGES, Stage

FLAGS: Final = {
    # A version of a function is another one, too, when only a layer of it changed.
    "@aws-cdk/aws-lambda:recognizeLayerVersion": True,
}


def build_app(
    stage: Stage, *, outdir: Path | None = None, context: Mapping[str, Any] | None = None
) -> App:
    """The app with one stage in it; its synth fails on any finding that is not accepted."""
    app = App(outdir=str(outdir) if outdir else None, context=FLAGS | dict(context or {}))
    stack = TutorQualityStack(app, stage=stage)
    if stage.web_acl:
        stack.add_stack_dependency(EdgeStack(app, stage=stage))  # which tells its web ACL
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def main() -> None:
    """What `cdk` runs; context and output folder come through the environment."""
    told = App().node
    stage = STAGES[told.try_get_context("stage") or "dev"]
    if stage.shift and told.try_get_context("at-once"):
        stage = replace(stage, shift="at once")
    build_app(stage).synth()


if __name__ == "__main__":
    main()
