"""The diagnosis of a base on a text: figures, what its normaliser harms, and advice."""
