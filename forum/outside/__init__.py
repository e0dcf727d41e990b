"""Fetching what we do not control: the one client for it, and later the API clients on it."""
