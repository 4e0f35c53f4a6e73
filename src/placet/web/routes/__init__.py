"""The endpoints by resource: a few lines each around a verb of the façade."""
