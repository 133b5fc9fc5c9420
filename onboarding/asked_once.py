"""asked_once: a property that asks AWS, or works long, once for each instance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

A = TypeVar("A")


class asked_once(Generic[A]):
    """Ask when the property is first read, and keep what AWS answered.

    Threads that read properties of one instance wait for each other, no others do:
    before Python 3.12, functools.cached_property has one lock for all instances. What
    is raised is not kept.
    """

    def __init__(self, ask: Callable[[Any], A]) -> None:
        self.ask = ask
        self.__doc__ = ask.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> asked_once[A]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> A: ...
    def __get__(self, instance: object | None, owner: type) -> asked_once[A] | A:
        if instance is None:
            return self
        # setdefault is atomic. One answer may be made of others: the lock is reentrant.
        kept = vars(instance).setdefault("_answers", (threading.RLock(), {}))
        lock, answers = kept
        with lock:
            if self not in answers:
                answers[self] = self.ask(instance)
            found: A = answers[self]
            return found
