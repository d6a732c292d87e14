"""The five-minute demonstration: its script, who plays it, and the film that is made of it."""
