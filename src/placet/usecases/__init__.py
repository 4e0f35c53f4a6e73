"""What Placet does: one verb per module, each loads, decides, records, acts, and records the outcome."""
