"""Modules of other libraries: one foreign format a file, read and written, never executed."""
