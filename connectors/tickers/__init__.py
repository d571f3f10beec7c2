"""The directory of listed companies: a bundled list, and files that a user names."""
