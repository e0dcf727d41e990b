"""The team's inbox: its pages, filters and views, claims and suggestions, and what open ones hear."""
