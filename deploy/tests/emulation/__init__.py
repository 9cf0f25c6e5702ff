"""moto's CloudFormation, made honest enough to deploy the stacks on.

By itself moto skips a resource type that it does not know and still reports `CREATE_COMPLETE`, loses the
outputs of nested stacks, never checks a parameter's constraints, and waits for Docker to answer a custom
resource. `install` fixes that. Whatever moto would still skip is an error: there is no list of exceptions,
because none was needed.
"""

from emulation.install import Answer, install

__all__ = ["Answer", "install"]
