"""LEDs: groups are asserted, priorities decide, patterns blink."""
