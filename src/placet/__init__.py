"""Placet: one decision point between everything that wants to publish and the world."""

__version__ = "0.1.0"
