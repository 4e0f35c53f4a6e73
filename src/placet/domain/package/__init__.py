"""A package on its way: its manifest, its metadata block, the stamp that puts one into the other."""
