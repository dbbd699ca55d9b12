"""The figures the product is held to, each a ratio or count taken in one run on this machine."""
