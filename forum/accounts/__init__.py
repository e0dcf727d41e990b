"""People: sign-up, sign-in, sessions, identities, preferences, terms accepted."""
