"""Pure media code: bytes in, bytes out; no sockets, no files, no clocks of its own."""
