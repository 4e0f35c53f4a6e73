"""The store and the anchor in memory: the reference that every other adapter is compared with."""
