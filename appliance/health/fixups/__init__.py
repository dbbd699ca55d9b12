"""What can be done about a finding by a button, one a module."""
