"""Faces: the command line, the chat page and the server."""
