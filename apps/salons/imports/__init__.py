"""Lists of a salon in and out, one module for each: which columns there are, what a row finds, and what it may say."""
