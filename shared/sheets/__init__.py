"""Tables that people hand in, as text or as workbooks: bytes in, rows of cells out."""
