"""Footage that its camera encrypted is opened by a child within the walls; its key goes there through a pipe."""
