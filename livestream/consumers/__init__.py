"""The sockets: who may come in, what a frame may ask for, and what is said back."""
