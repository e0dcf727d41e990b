"""Reputation: who earned how many points, in which project, for what; the board of supporters."""
