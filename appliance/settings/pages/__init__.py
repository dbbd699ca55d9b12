"""One module a page of the menu; each declares its fields with `setting`."""
