"""What a base makes of a text: figures, what its normaliser harms, and what to do about it."""
