"""What our own paths are compared with, each as good as its kind can be."""
