"""Threads and posts, revisions, drafts, read positions, reactions, and the one visibility rule."""
