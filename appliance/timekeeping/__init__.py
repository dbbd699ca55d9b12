"""The clock of the recorder: where it comes from, who gets it, whether to believe it."""
