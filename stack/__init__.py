"""The top: the command line, the embedded broker and database, the supervisor."""
