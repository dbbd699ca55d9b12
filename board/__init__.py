"""The hardware: boards as data, drivers behind small protocols, and the simulated bench."""
