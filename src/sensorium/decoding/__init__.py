"""Files of strangers: pictures, sounds and drawings, read by libraries that any bytes may lead astray.

`limited` runs a reader in a child with little time, little memory and no files; every other file here is a reader.
"""
