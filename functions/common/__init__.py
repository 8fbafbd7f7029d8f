"""What the functions share: logs, results, settings, AWS's API, and the mode of the system. It is packed beside each
function's own files.
"""
