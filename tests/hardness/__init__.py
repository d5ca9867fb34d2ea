"""What must hold when processes are killed, race, or read what strangers made; `hard.py` is the long run."""
