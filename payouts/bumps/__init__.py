"""Bumps: one paid raise of one ticket each, from the price chosen to the money booked and the invoice."""
