"""What the use cases need from the world, in small promises written on each method."""
