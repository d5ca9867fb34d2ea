"""One file per command: what each command, or call of the Python API, does with the other packages."""
