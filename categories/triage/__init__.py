"""Triage: guessing which bucket a new thread belongs to, and moving it where it really belongs."""
