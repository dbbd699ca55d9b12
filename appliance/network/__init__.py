"""The recorder on the network: what is wanted, what is there, and how one becomes the other."""
