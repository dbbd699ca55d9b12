"""Codecs as far as a recorder needs them: parameter sets, key frames, sizes, names; no decoding."""
