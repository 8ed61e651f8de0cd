"""Where a run happens: a temporary directory, and the processes in it."""
import pathlib
import shutil
import tempfile

from measure.daemon import Daemon

MEMORY = pathlib.Path("/dev/shm")


class Place:
    """With in_memory what is written waits for no disk, for one that is busy with something else is no slower program."""

    def __init__(self, build, in_memory=False):
        self.build = pathlib.Path(build).resolve()
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="keyhold-bench.", dir=MEMORY if in_memory and MEMORY.is_dir() else None))
        self.processes = []
        self.daemons = {}

    def daemon(self, name):
        if name not in self.daemons:
            self.daemons[name] = Daemon(self.build, self.top / name)
        return self.daemons[name]

    def close(self):
        try:
            for daemon in self.daemons.values():
                daemon.stop()
        finally:
            for process in self.processes:
                process.terminate()
                process.wait()
            shutil.rmtree(self.top)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
