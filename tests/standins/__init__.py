"""Third parties in a process of the tests: they speak the real protocol, keep state, and fail when told to."""
