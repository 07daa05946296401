"""The library: it knows footage, and neither Prefect nor the command line."""
