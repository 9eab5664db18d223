"""The command line `s3sets`."""

import sys


def main() -> None:
    """Needs the extra `cli`, and says so where it is missing."""
    try:
        import rich  # noqa: F401  # is it there?
        import typer  # noqa: F401  # is it there?
    except ImportError:
        sys.exit("The command line needs more than the library: pip install 's3sets[cli]'")
    from s3sets.cli.app import run

    run()
