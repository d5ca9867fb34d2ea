"""Folders of modules: names to modules, fingerprints, cards."""
