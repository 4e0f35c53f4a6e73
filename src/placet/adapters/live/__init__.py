"""The live effect port: the one place from which executors are called."""
