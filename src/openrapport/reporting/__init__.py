"""One report as a page, a PDF and a few lines in a terminal."""
