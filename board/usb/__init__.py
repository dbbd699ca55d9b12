"""USB sockets: which sticks are in them."""
