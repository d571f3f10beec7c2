"""The commands of `tidewire`, one module each."""
