"""Bytes from anybody, guided by what they reach in the code that reads them first."""
