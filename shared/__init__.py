"""The importable package behind the functions; imports point inwards: aws, ml → contracts → domain."""
