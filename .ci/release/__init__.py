"""What turns a commit into a release: checks, files, notes, the page of an index. Begin with ``make release-check``."""
