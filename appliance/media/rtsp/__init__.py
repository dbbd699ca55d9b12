"""RTSP and SDP as cameras speak it (RFC 2326, RFC 8866, RFC 7616): bytes in, bytes out."""
