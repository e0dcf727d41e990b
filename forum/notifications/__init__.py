"""Who hears what, and by which way."""
