"""Processor time that a local stack has used: unlike seconds, nobody else's work changes it."""

import os
import subprocess
from dataclasses import dataclass

from infra_cdk.local.stack import LocalStack


@dataclass(frozen=True, slots=True)
class CpuSeconds:
    """Of the emulator's own process, and of the Lambda workers it started."""

    emulator: float
    workers: float

    def since(self, before: "CpuSeconds") -> "CpuSeconds":
        return CpuSeconds(self.emulator - before.emulator, self.workers - before.workers)


def used(stack: LocalStack) -> CpuSeconds:
    """So far; a worker that has ended takes its share with it."""
    workers = stack.emulator.workers()
    if not workers:
        return CpuSeconds(0.0, 0.0)
    group = os.getpgid(workers[0])
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,time="], check=True, capture_output=True, text=True
    ).stdout
    mine = [line.split() for line in listed.splitlines() if line.split()[1] == str(group)]
    spent = {int(pid): _seconds(time) for pid, _, time in mine}
    emulator = spent.pop(group, 0.0)
    return CpuSeconds(emulator, sum(spent.values()))


def _seconds(text: str) -> float:
    """The seconds in `1-02:03:04`, `02:03:04` or `3:04.56`."""
    days, _, clock = text.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60 * seconds + float(part)
    return 86_400 * int(days or 0) + seconds
