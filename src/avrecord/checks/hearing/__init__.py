"""Sound → words: engines behind one seam, chosen by the files of a folder that the user names."""
