"""The layers of the Evolution System: one noun per file, one ComponentResource per layer."""
