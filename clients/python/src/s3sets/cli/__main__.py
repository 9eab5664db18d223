"""`python -m s3sets.cli`."""

from s3sets.cli import main

main()
