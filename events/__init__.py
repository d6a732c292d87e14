"""Sample events by name, and the synthetic world that makes more of them."""
