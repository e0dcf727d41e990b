"""Response templates, and solved threads as the beginning of an answer."""
