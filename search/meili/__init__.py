"""Meilisearch behind the interface of the search: it says which posts, PostgreSQL says what of them is shown."""
