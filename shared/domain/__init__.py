"""What the product knows about tutoring: pure functions and frozen types, time is an argument."""
