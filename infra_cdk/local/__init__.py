"""Runs the synthesized stack on this machine, on an emulator that listens on 127.0.0.1 only."""
