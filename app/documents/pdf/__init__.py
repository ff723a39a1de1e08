"""PDF files of strangers: checked, read, cut into parts and drawn, in a bounded child process."""
