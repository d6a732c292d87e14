"""The CDK app: the only description of the system, deployed to AWS and to the local emulator alike."""
