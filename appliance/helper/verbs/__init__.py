"""What the helper does: one module a domain, each with a `DOMAIN`; found by being here."""
