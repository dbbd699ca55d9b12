"""Simulated RTSP cameras: an independent peer for development, tests and measurements.

Nothing in here imports the recorder's client code, so that an error in one is seen by the other.
Start with `simulator.Simulator` (in a process) or `python -m appliance.cameras.sim` (beside one).
"""
