"""Changing the figures of a project's queue, and trying other ones out on its tickets."""
