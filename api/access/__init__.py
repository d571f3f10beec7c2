"""Who may do what: links, passkeys, sessions and tokens."""
