"""Which exit code does each family of errors end a command with?

| code | meaning | what to do |
| --- | --- | --- |
| 0 | done | |
| 1 | a fault of ours | report it, with the trace |
| 2 | the command asks for something that is not there | mend the command |
| 3 | stored bytes or custody are not what the records say | stop, and tell whoever keeps the evidence |
| 4 | a setting or a credential is missing or wrong | mend the setting that is named |
| 5 | a server does not answer | start it, or wait, and run the same command again |
| 6 | a rule says no | read the reason |
| 7 | footage was refused and is in quarantine | `firsthand quarantine list` tells why |
| 8 | a part of the local stack did not start | read the log that is named |
| 130 | interrupted | run the same command again: it goes on where it was |
"""

from pipeline.errors import (
    CustodyError,
    FirsthandError,
    NotPermittedError,
    RejectedInputError,
    SettingsError,
    StackError,
    UnavailableError,
    UsageError,
)

BUG = 1
INTERRUPTED = 130

CODES: dict[type[FirsthandError], int] = {
    UsageError: 2,
    CustodyError: 3,
    SettingsError: 4,
    UnavailableError: 5,
    NotPermittedError: 6,
    RejectedInputError: 7,
    StackError: 8,
}


def exit_code(error: FirsthandError) -> int:
    """The code of the family that an error belongs to."""
    return next((code for family, code in CODES.items() if isinstance(error, family)), BUG)
