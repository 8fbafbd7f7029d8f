"""Rules that are judged on any program of AWS resources."""
