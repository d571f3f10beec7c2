"""What travels: immutable past-tense facts, one definition each. The bottom layer."""
