"""GitHub, and GitHub Enterprise: tags, releases with assets, pull requests, and the facts that plans rest on."""
