"""The startup wizard: a frame into which parts of the recorder add steps."""
