"""Power over Ethernet: the budget, who gets power and who gives way, history, recovery."""
