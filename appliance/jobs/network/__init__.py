"""Tests of the network, without rights: echo, names, the way, ports."""
