"""Orders at a broker: what is sent, asked and believed, apart from how."""
