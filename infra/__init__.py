"""Where and how Firsthand runs: the local stack, the lock files, the deployments, the decisions."""
