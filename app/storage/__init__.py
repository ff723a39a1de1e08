"""Sealed bytes at rest, on a local folder or any S3. Nothing here can read what it keeps."""
