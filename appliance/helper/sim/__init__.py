"""The programs of a simulated computer: one module a domain; found by being here.

A module may have `PROGRAMS`, a mapping of paths to `SimProgram`, and `service(machine)`, an
asynchronous context manager for what runs beside (a D-Bus service, say).
"""
