"""The supervisor: keeps the processes, the settings and the events of one box."""
