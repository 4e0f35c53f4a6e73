"""Byte formats: canonical JSON, DSSE, PEM and package archives, each with one strict reader."""
