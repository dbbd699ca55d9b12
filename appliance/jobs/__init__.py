"""Jobs: what takes longer than a second, each in a child process of the lowest priority."""
