"""What does this process do with the watched files, and on behalf of which test? PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
import sys
from functools import partial
from types import FrameType, FunctionType
from typing import TYPE_CHECKING, Any

from .appending import Appending
from .execution import Execution
from .reading import Readers, asking

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import CodeType

    from .places import Places
    from .start import Plan
    from .veil import Veil

# Held on to, since tests replace them.
_getpid = os.getpid
_getframe = sys._getframe  # noqa: SLF001 - there is no other way to see who asks
_fsdecode = os.fsdecode
_realpath = os.path.realpath
_ACCESS = os.O_WRONLY | os.O_RDWR
_WRONLY = os.O_WRONLY
_SEP = os.sep

_STARTS = (
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "_winapi.CreateProcess",
)
"""Events of a process that starts another one; ``subprocess`` and ``os.exec`` have their own."""
_OF_THE_RUN = frozenset({"loaded", "outside", "undressed"})
"""Facts that are nobody's: a file is loaded once, by whichever test comes first."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_LEAVES_NO_TRACE = ("/dev/", "/proc/", "/sys/")
_LEAVES_ONE = ("/dev/mqueue/", "/dev/shm/")  # noqa: S108 - nothing is written there
"""What of those is memory with a name, until somebody takes it away."""
_PLACES = {"os.link": (1,), "os.rename": (0, 1), "os.symlink": (1,)} | dict.fromkeys(
    [
        *("os.chmod", "os.chown", "os.mkdir", "os.remove", "os.removexattr", "os.rmdir", "os.setxattr", "os.truncate"),
        *("os.utime", "shutil.rmtree", "sqlite3.connect"),
    ],
    (0,),
)
"""Events of a process that makes, turns or takes away something at a path, and which of their arguments are one."""
_SHARED_MEMORY = "_posixshmem"
"""The module by which processes share memory that outlives them; that they do so, no event tells."""
_RUN = "BUGGUARD_RUN"
_INHERITED = ("PYTHONHASHSEED", "PYTEST_CURRENT_TEST")
_put_into_environment = os.putenv
_OF_CODE = frozenset({"__code__", "f_code"})
_HANDING_ON = frozenset(
    {("mock.py", "get_original"), ("monkeypatch.py", "delattr"), ("monkeypatch.py", "setattr")}
    | {("typing.py", "__instancecheck__"), ("typing.py", "<genexpr>")}
)
"""Functions that ask an object for what their caller has named, as protocols do; others ask it for all that it has."""


class Witness:
    """Listens to the interpreter's audit events and writes down what concerns the watched files."""

    def __init__(self, places: Places, plan: Plan, veil: Veil, *, is_main: bool) -> None:
        self._places = places
        self._veil = veil
        self._readers = Readers(places, plan["targets"])
        self._around = frozenset(plan["around"])
        self._watched = plan["watched"]
        self._evidence = plan["evidence"]
        self._run = os.environ[_RUN]
        self._private = os.path.realpath(plan["private"])
        self._probe = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._written: set[tuple[str, str, str, str]] = set()
        self._writer = 0
        self._file: Appending
        self.test = "" if is_main else _test_of_parent()
        self.execution = Execution(self._executed)
        if not is_main:  # a process that a test has started runs on its behalf from its first line on
            self.execution.watch()
            if self.test:
                self._note("process")  # not all ways to start one are audited
        self._sees_loading = is_main and plan["sees_loading"]
        if self._sees_loading:
            self.execution.watch(is_loading=True)

    def begin(self) -> None:
        """Listen from now on; there is no way back."""
        handlers: dict[str, Callable[[Any], None]] = dict.fromkeys(_STARTS, self._on_start)
        handlers |= {
            "exec": self._on_exec,
            "open": self._on_open,
            "import": self._on_import,
            "subprocess.Popen": self._on_popen,
            "cpython.run_file": self._on_run_file,
            "socket.connect": lambda _: self._note("outside"),
            "socket.bind": self._on_bind,
            "socket.sendmsg": self._on_sent,
            "socket.sendto": self._on_sent,
            "sys.excepthook": self._on_death,
            "gc.get_referents": self._on_referents,
            "sys.monitoring.register_callback": self._on_followed,
            "sys.setprofile": self._on_followed,
            "sys.settrace": self._on_followed,
            "object.__getattr__": self._on_attribute,
        }
        handlers |= {event: partial(self._on_places, at) for event, at in _PLACES.items()}
        find = handlers.get

        def listen(event: str, arguments: Any) -> None:
            handler = find(event)
            if handler is not None:
                handler(arguments)

        sys.addaudithook(listen)

    def enter(self, test: str) -> None:
        """All that is seen from now on is seen on behalf of this test; of none where it is empty."""
        self.test = test
        if self._sees_loading:
            self._sees_loading = False
            self.execution.rest()
        self.execution.forget()

    def miss(self, name: str, owner: str, asking: FrameType) -> None:
        """What only the fix brings was asked for: it is told by whom, since the source may and a test may not."""
        asker = self._asker(
            asking, name, passes=lambda code: (code.co_filename.rpartition(_SEP)[2], code.co_name) in _HANDING_ON
        )
        if asker is not None:
            self._note("wanted", name, f"{owner}\n{asker}", is_for_all=_is_setting_up())

    def misfit(self, error: TypeError, calling: FrameType, lacking: Collection[str] = ()) -> None:
        """A call did not fit a function whose parameters the fix changes, or an object lacks what the fix lets it do.

        It is told by whom, and of an object what it lacks.
        """
        from .wanting import keyword  # noqa: PLC0415 - few calls do not fit

        asker = self._asker(calling, keyword(error), passes=lambda _: True)
        if asker is not None:
            told = "\n".join([asker, *lacking]) if lacking else asker
            self._note("misfit", str(error).replace("\0", "(null)"), told, is_for_all=_is_setting_up())

    def undressed(self, path: str, error: Exception) -> None:
        """Old code could not be given the dress of the new one: nobody can tell what is red over that alone."""
        self._note("undressed", path, f"{type(error).__name__}: {error}".replace("\0", "(null)"))

    def _asker(self, frame: FrameType | None, wanted: str, passes: Callable[[CodeType], bool]) -> str | None:
        """The file of the tree that something was asked from; empty for a program or a file of a test's own making.

        None for anybody else: libraries look for what objects can do, as the source does. Who was asked himself, and
        hands it on, is passed by.
        """
        from .wanting import hands_on  # noqa: PLC0415 - few ask in vain

        while frame is not None:
            path = frame.f_code.co_filename
            inside = self._places.in_tree(path)
            if wanted and inside is not None and hands_on(frame, wanted):
                frame = frame.f_back
                continue
            if inside is not None:
                return inside.replace(_SEP, "/")
            if frame.f_globals.get("__name__") == "__main__" or path.startswith(f"{self._private}{_SEP}"):
                return ""
            if not (path.startswith("<") or passes(frame.f_code)):
                return None
            frame = frame.f_back
        return ""

    def _on_exec(self, arguments: tuple[CodeType]) -> None:
        code = arguments[0]
        found = self._places.watched_at(code.co_filename)
        if found is not None:
            self._loaded(*found, code)
            if not found[1] and found[0] not in self._around:
                self.execution.follow(code, found[0])

    def _on_run_file(self, arguments: tuple[str]) -> None:
        found = self._places.watched_at(arguments[0])
        if found is not None:
            self._loaded(*found)

    def _on_import(self, arguments: tuple[Any, ...]) -> None:
        """An extension module is loaded; for all others there is no file name here."""
        if arguments[0] == _SHARED_MEMORY:
            self._note("outside")
        if type(arguments[1]) is str:
            self._on_run_file((arguments[1],))

    def _on_open(self, arguments: tuple[Any, ...]) -> None:
        path, _, flags = arguments
        if type(path) is bytes:
            path = _fsdecode(path)
        if type(path) is not str:
            return
        if type(flags) is int and flags & _WRITING:
            self._on_place(path)
        if path.endswith(".pyc") and self._readers.reads_text(asking(2)):
            self._on_bytecode(path)
        found = self._places.watched_at(path)
        if found is None or (type(flags) is int and flags & _ACCESS == _WRONLY):
            return
        is_read = not found[1] and found[0] not in self._around and self._readers.reads_text(asking(2))
        if path.endswith((".py", ".pyi", ".pyw")) and is_read:
            self._note("read", found[0])
        elif not path.endswith((".py", ".pyw")):  # a stub is data for whoever checks types
            self._loaded(*found)
            if not found[1]:
                self._executed(found[0])

    def _on_bytecode(self, path: str) -> None:
        """A test reads what a file was compiled to; where that lies is known by its name alone."""
        stem = path.rpartition(_SEP)[2].partition(".")[0]
        for watched in self._watched:
            if watched.endswith(f"/{stem}.py") or watched == f"{stem}.py":
                self._note("read", watched)

    def _on_places(self, places: tuple[int, ...], arguments: tuple[Any, ...]) -> None:
        for at in places:
            self._on_place(arguments[at])

    def _on_place(self, path: object) -> None:
        """Something is done to a file; outside of the tree and of the run's own folders the next run may find it so."""
        if type(path) is bytes:
            path = _fsdecode(path)
        if type(path) is not str or path == ":memory:" or "__pycache__" in path:
            return
        if path.startswith(_LEAVES_NO_TRACE) and not path.startswith(_LEAVES_ONE):
            return
        real = _realpath(path)
        if self._places.in_tree(real) is None and not f"{real}{_SEP}".startswith(f"{self._private}{_SEP}"):
            self._note("outside")

    def _on_bind(self, arguments: tuple[Any, ...]) -> None:
        """An address is taken, which the next run may want too; not where the system may choose one."""
        address = arguments[1]
        if not (type(address) is tuple and len(address) > 1 and address[1] == 0):
            self._note("outside")

    def _on_sent(self, arguments: tuple[Any, ...]) -> None:
        """Something is sent to an address, without a connection to it."""
        if arguments[1] is not None:
            self._note("outside")

    def _on_start(self, _: object) -> None:
        self._note("process")

    def _on_popen(self, arguments: tuple[Any, ...]) -> None:
        """A process is started; one with an environment of its own is given what ours has for it.

        A run of ours within this one has a probe of its own, and two would wait for each other's answer. Whatever a
        test writes for our mark, or takes away, the process is known as one of this run.
        """
        self._note("process")
        environment = arguments[3]
        if environment is None:
            _put_into_environment(_RUN, self._run)
            return
        if not isinstance(environment, dict) or any(type(name) is not str for name in environment):
            return
        said = environment.get(_RUN) or self._run
        if said != self._run:
            if not f"{said}".endswith(f"{os.pathsep}{self._run}"):
                environment[_RUN] = f"{said}{os.pathsep}{self._run}"
            return
        environment[_RUN] = self._run
        own = os.environ
        for name in _INHERITED:
            if name in own:
                environment.setdefault(name, own[name])
        if self.test and "PYTEST_CURRENT_TEST" not in environment:
            environment["PYTEST_CURRENT_TEST"] = f"{self.test} (call)"
        entries = environment.get("PYTHONPATH", "").split(os.pathsep)
        if self._probe not in entries:
            environment["PYTHONPATH"] = os.pathsep.join([self._probe, *filter(None, entries)])

    def _on_death(self, arguments: tuple[Any, ...]) -> None:
        """A process that a test started dies for want of a name, with nobody but tests on the way to it."""
        error, traceback = arguments[2:4]
        if not self.test or not isinstance(error, BaseException):
            return
        while traceback is not None:
            name = traceback.tb_frame.f_code.co_filename
            if self._places.in_tree(name) is not None and not self._readers.is_test(name):
                return
            traceback = traceback.tb_next
        from .wanting import missing  # noqa: PLC0415 - few processes die

        name, owner = missing(error)
        if name:
            self._note("wanted", name, f"{owner}\n")

    def _on_attribute(self, arguments: tuple[Any, ...]) -> None:
        """A test takes the code of a watched function, or of one that runs, to look at how it is compiled."""
        thing, name = arguments
        if name in _OF_CODE and self.test:
            self._on_taken(thing)

    def _on_referents(self, arguments: tuple[Any, ...]) -> None:
        """The same, by way of all that it holds."""
        for thing in arguments[0] if self.test else ():
            self._on_taken(thing)

    def _on_followed(self, _: object) -> None:
        """What runs is traced from now on, or no longer: a test that does so looks at how it is written."""
        follower = self._readers.follower(asking(2)) if self.test else None
        if follower is not None:
            self._note("taken", next(iter(self._watched), ""), follower)

    def _on_taken(self, thing: object) -> None:
        if type(thing) is FunctionType:
            path = thing.__globals__.get("__file__")
        else:
            path = thing.f_globals.get("__file__") if type(thing) is FrameType else None
        found = self._places.watched_at(path) if type(path) is str else None
        if found is None or found[1] or found[0] in self._around:
            return
        taker = self._readers.taker(asking(3))
        if taker is not None:
            self._note("taken", found[0], taker)

    def hand_out(self, path: str, asking: FrameType) -> None:
        """A loader is asked for the code of a watched file: by Python to run it, or by a test to look at it."""
        taker = self._readers.taker(asking) if self.test else None
        if taker is not None:
            self._note("taken", path, taker)

    def _loaded(self, path: str, place: str, code: CodeType | None = None) -> None:
        self._note("loaded", path, place)
        if not place and self._veil.is_bared(path, code):
            self._note("bared", path)

    def _executed(self, path: str, function: str = "") -> None:
        if self.test:
            self._note("executed", path)
        elif function:
            self._note("began", path, function)

    def _note(self, kind: str, path: str = "", place: str = "", *, is_for_all: bool = False) -> None:
        """Write down a fact, once: four fields, each ended by NUL, which none of them can hold."""
        is_for_all = is_for_all or kind in _OF_THE_RUN
        fact = (kind, path, place, "" if is_for_all else self.test.replace("\0", "(null)"))
        if fact in self._written:
            return
        self._written.add(fact)
        if self._writer != _getpid():  # one file a process, also after a fork
            self._writer = _getpid()
            self._file = Appending(f"{self._evidence}{_SEP}{self._writer}")
        self._file.add(b"".join(field.encode("utf-8", "surrogateescape") + b"\0" for field in fact))


def _is_setting_up() -> bool:
    """Whether pytest sets up a test: what it makes then, others may be given too."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").endswith(" (setup)")


def _test_of_parent() -> str:
    """The test that a parent of this process was running when it started."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
