"""Which code this is: told to the supervisor at registration and shown to the user."""

VERSION = "0.1.0"
"""Version of the appliance; a recorder of another version is replaced, not adopted."""
