"""What a package is made of: file names, the archive, boards. Plain Python without a store."""
