"""Starts the emulator; executed by its own Python, which knows nothing of our packages."""

import os
import signal
import sys
import threading


def _stop_with_the_starter() -> None:
    """Standard input closes when the starter ends, however it ends; then stop cleanly."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_the_starter, daemon=True).start()
    sys.argv = ["ministack"]
    from ministack.app import main

    main()
