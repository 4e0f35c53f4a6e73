"""The small values that everything else is made of, each parsed once and then trusted."""
