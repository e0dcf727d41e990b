"""The web application and the core of the community."""
