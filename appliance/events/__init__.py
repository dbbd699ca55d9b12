"""Events: what happened, from when to when, on which channel, of which kind."""
