"""Triage, and one folder for the behaviour of each kind of category."""
