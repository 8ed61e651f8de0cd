"""Where a run happens: a temporary directory, and the processes in it."""
import pathlib
import shutil
import tempfile

from measure.daemon import Daemon


class Place:
    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="keyhold-bench."))
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
