"""report.html: facts in, one self-contained page out."""
