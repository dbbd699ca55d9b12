"""The Unix socket on which a recorder serves access units, open blocks and statistics."""
