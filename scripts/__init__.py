"""Build, measure, release: programs of the repository, not of the box."""
