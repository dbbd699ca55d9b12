"""One module per group of figures; each offers `run() -> list[Figure]` and stands alone."""
