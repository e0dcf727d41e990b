"""Tickets and threads that belong together: merged, and linked."""
