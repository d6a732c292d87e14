"""The system as AWS CDK describes it, and the commands that run it locally."""

import os

# jsii greets every start on Node 20 with a red box; the CDK itself still runs there.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20")
os.environ.setdefault("JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION", "18,20,22")
