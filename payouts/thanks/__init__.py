"""Thanks: whoever answered hears what their work made, once per bump."""
