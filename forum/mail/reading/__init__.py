"""Understanding mail: bytes in, values out; pure, and nothing uncaught whatever the bytes are."""
