"""The bench: simulated chips, lines and devices that the real drivers run on."""
