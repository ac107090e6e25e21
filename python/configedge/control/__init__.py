"""The control plane: a REST API in front of a Git repository that is the only authority on configuration."""
