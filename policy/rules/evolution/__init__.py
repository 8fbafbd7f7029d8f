"""Rules that hold decisions of this system: other programs are spared them."""
