"""What the helper can be asked, and what it answers: one module a domain, shapes only."""
