"""What makes a release: the distributions, and the environments that they are tried in."""
