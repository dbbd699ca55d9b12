"""Playing files that lie on a USB stick or another mounted place (D1-PB-11)."""
