"""The deployed handlers under simulated faults: a seed decides who runs next and what fails."""
