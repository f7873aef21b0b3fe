"""Months of work in four salons, invented: see `seeding` for what a start does and `world` for how it is told."""
