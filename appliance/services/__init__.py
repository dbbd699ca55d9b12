"""Services of the box: what listens where and why, its switch, and what really listens."""
