"""The one Ask box: write once, be shown what is solved already, land in a suggested bucket."""
