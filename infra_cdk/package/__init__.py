"""What is uploaded to Lambda: our own code as one asset, other people's as layers."""
