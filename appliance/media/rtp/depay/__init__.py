"""From RTP payloads to coded frames, one module per payload format."""
