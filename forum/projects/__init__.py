"""Projects, their teams and roles, legal entities, categories and tags, and who may do what there."""
