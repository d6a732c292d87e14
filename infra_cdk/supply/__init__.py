"""Other people's code: what is locked, what is known against it, and under which licence it is."""
