"""The Python interface for training modules and building vocabularies from values in memory."""
