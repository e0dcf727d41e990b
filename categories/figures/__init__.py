"""Figures of a team's work: charts, each with its table and its file."""
