"""What every page needs: the request's reader, sessions, CSRF, templates, errors, limits, routes."""
