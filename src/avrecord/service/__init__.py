"""The unattended process: watch, take, examine, link; notify the system; serve the status page."""
