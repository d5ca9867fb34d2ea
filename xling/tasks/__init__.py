"""One task a file: its labels, head, loss, decoding and metric."""
