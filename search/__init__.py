"""One Search interface, and what stands behind it."""
