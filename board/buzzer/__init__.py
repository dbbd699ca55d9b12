"""The buzzer and its patterns."""
