"""Camera streams pulled over the network and turned into access units: RTSP, or PyAV beside it."""
