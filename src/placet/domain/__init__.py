"""Decides. Pure: values in, values or errors out; no clock, randomness, files or sockets."""
