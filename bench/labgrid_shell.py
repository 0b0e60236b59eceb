"""Commands over a serial line by labgrid: python3 labgrid_shell.py PATH BAUD LOGIN_TIMEOUT. Reads commands from standard input, one a line, and prints
a line of JSON for each: its time, its status and what it printed. The first line is of the login."""

import json
import logging
import sys
import time

from labgrid import Target
from labgrid.driver import SerialDriver, ShellDriver
from labgrid.resource import RawSerialPort

logging.disable(logging.CRITICAL)


def say(**what):
    print(json.dumps(what), flush=True)


target = Target("board")
RawSerialPort(target, "port", port=sys.argv[1], speed=int(sys.argv[2]))
console = SerialDriver(target, "serial")
shell = ShellDriver(
    target, "shell", prompt=r"board # ", login_prompt=r"board login: ", username="root", password="secret", login_timeout=int(sys.argv[3])
)
start = time.monotonic()
try:
    target.activate(shell)
except BaseException as error:
    say(error=type(error).__name__, ms=(time.monotonic() - start) * 1000)
    sys.exit(1)
say(ms=(time.monotonic() - start) * 1000)
for line in sys.stdin:
    start = time.monotonic()
    try:
        out, _, status = shell.run(line.rstrip("\n"), timeout=15)
        say(ms=(time.monotonic() - start) * 1000, status=status, output="".join(f"{line}\n" for line in out))
    except BaseException as error:
        say(ms=(time.monotonic() - start) * 1000, error=type(error).__name__)
