"""How dates and numbers are written in each language, found through FORMAT_MODULE_PATH."""
