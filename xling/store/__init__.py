"""Folders of modules: finding modules by name, content fingerprints, module cards."""
