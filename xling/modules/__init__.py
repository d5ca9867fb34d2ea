"""Modules: one file for each kind of part, a registry of the kinds, and the module that holds the parts."""
