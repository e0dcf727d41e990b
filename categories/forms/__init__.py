"""What a project wants to know of who asks: the fields of its forms, what is to be read first, who reads a ticket."""
