"""The store in one SQLite file that several processes may write (protocol 7)."""
