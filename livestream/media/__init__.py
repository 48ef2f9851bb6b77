"""How the picture travels: encoder, packager, shelf of files, and the edge that serves them.

Nothing here imports Django's models: a stream is a directory, and the database only names it.
"""
