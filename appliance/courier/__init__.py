"""The courier: everything delivered outside, and the log lines other devices send to this box."""
