"""The scenes that simulated cameras look at."""
