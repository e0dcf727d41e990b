"""JSON for programs: Discourse's at its paths, our own at /api/v1, and feeds."""
