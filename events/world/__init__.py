"""The synthetic world: tutors with a hidden state, and everything a platform would see of them.

A tutor's state (how disengaged, how reliable, how skilled, on leave or not) is drawn first,
day by day, in `tutor`; what is visible follows from the state and noise alone, by the laws in
`state`. Nothing visible looks ahead, so the best possible prediction can be computed exactly.
"""
