"""Answers promised in workdays: calendars, guarantees, and what became of them."""
