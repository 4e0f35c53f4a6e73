"""What the store holds: one module per kind of entity, each a value with a key and a strict reader."""
