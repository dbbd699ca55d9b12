"""Boards as data: a profile is a TOML file, read into frozen dataclasses, one module a section."""
