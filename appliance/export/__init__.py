"""Export: footage as files that others can play, copied from blocks and signed by the box."""
