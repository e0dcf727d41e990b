"""Schema changes, forward only; each runs in one transaction."""
