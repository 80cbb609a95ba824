"""Spreadsheets in and out: Chinese headers, cells that are text, footers that say where figures come from."""
