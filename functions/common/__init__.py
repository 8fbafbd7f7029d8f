"""What the functions share: logs, results, settings, AWS's API, and the mode. It is packed next to each function's own files."""
