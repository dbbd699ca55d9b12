"""The recorder's program: one folder per concern, imports pointing down only."""
