"""The tasks, one in each file: its files, labels, head, loss, decoding and metric."""
