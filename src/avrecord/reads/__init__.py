"""Questions with their answers, the same for the command line and the pages."""
