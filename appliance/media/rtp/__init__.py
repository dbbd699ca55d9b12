"""RTP and RTCP: packets, their order over UDP, reports; no sockets."""
