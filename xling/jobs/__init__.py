"""One story a file: what a command or a call of the Python API does, from parts of the other rooms."""
