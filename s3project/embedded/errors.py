"""What the one-machine stack says when it cannot run."""


class StackError(Exception):
    """The stack cannot start or go on; the message is one sentence for the person at the shell."""


class StackRunning(StackError):
    """Another supervisor holds this stack's folder."""
