"""Mail in: taken at a door, kept raw, and made a post, a question, a bounce, or nothing, by a job."""
