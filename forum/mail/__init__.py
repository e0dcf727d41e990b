"""Mail out: what is sent to whom, once, and what an operator sees of it."""
