"""The Ethernet side of the ports: links, counters and who is behind which, asked by netlink."""
