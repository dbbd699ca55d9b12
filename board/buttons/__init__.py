"""Push buttons of the box: power and reset."""
