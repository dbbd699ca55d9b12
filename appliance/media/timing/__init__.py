"""When a frame was captured, and in which order it is decoded."""
