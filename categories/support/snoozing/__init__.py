"""Hiding a waiting ticket from the lists for a while."""
