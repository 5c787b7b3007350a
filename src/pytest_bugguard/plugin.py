"""pytest's door: options in, one section and at most one exit status out."""
