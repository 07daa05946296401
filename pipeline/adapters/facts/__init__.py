"""What photographs, telemetry and tracks say of themselves, read by parsers that are kept apart from us.

Each parser is a module with a pure function over bytes, and runs as a child process: `reader.FactReader` starts it.
Importing this package imports none of them.
"""
