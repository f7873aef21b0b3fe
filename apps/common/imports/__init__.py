"""Spreadsheets in: from the bytes of a file to rows that are written with their history, all of them or none.

`sheet` makes numbered cells of bytes, `columns` knows headings, `cells` and `moments` make values of cells, `rows`
reads them, `kinds` compares them with what is stored, `writer` stores them, `run` is the way through. What a list of
one kind of rows consists of stands in the app that owns the rows.
"""
