"""GitHub: issues from archives and REST rows become threads."""
