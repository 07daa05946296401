"""How do all processes of a child end with us, at whatever instant somebody kills us?

A child is several processes: bubblewrap, its inner half, the program. Each can ask the kernel to end it with its
parent, but only once it runs, and only while it has that parent. Where bubblewrap is killed just after it forked, its
inner half has not asked yet, and waits for its word for ever. So a shell, the guard, leads the child's process group
and waits:

* When we end, the kernel tells the guard (`setpriv --pdeathsig`), and it kills its whole group, itself included. The
  kernel lets no fork slip through: either the new process is in the group already, or there is none.
* If we ended before the guard could ask to be told, it has another parent than us, and starts nothing.
* All that we start stays in the group. Of what is within bubblewrap's walls, the inner half stays, and that is enough:
  it is the first process of a process namespace, and takes all others there with it.

The guard passes on the child's exit code; where a signal ended the child, 128 and the signal's number.
"""

import os

from pipeline.adapters.sandbox.programs import find_program

NAME = "guard"
"""What the shell calls itself where it complains."""

_GUARD = """
test "$PPID" = "$1" || exit
shift
trap 'kill -KILL 0' TERM
exec 3<&0
"$@" <&3 3<&- &
exec 3<&- <&- >&- 2>&-
wait "$!"
"""
"""The child is in the background, because only `wait` ends early for a signal; a shell gives what is there an empty
stdin, so ours is kept as another. The guard itself holds no pipe open, and says nothing of how the child ended."""


def guarded(argv: list[str]) -> list[str]:
    """The command of a child that ends with us. It has to be started in a session of its own.

    Raises:
        SettingsError: a program of the base system is missing.
    """
    told = (find_program("setpriv"), "--no-new-privs", "--pdeathsig", "TERM", "--")
    return [*told, "/bin/sh", "-c", _GUARD, NAME, str(os.getpid()), *argv]
