"""RS-485 with PTZ cameras and alarm boxes on it, RS-232 passed through as it is."""
