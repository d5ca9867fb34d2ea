"""Frozen pretrained encoders: the only package that knows how an encoder is built."""
