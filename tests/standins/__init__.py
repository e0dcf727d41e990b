"""Third parties as processes that speak their protocol, and can be told to misbehave."""
