"""Publishing to any npm registry over HTTP, looking it up, and reading what the registry holds."""
