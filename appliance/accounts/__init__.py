"""Who may do what: accounts, passwords, sessions and the one function that decides."""
