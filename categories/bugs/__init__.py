"""Bugs: their promotion to issues on GitHub."""
