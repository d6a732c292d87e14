"""The importable package behind the functions; imports point inwards to the domain."""
