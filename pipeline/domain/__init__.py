"""Pure values and rules: no clock, no disk, no network, nothing but the standard library."""
