"""`dataclasses` for slotted records at a tenth of its price: the real one loads `inspect` and compiles six functions a
class, two fifths of a whole look. The subset that authwatch uses; `asdict` and `fields` take such records too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    from operator import attrgetter

    NONE_GIVEN = object()

    class field:
        """One field's default, or what makes it; whether the constructor takes it, equality heeds it and the
        representation shows it."""

        __slots__ = ("compare", "default", "default_factory", "init", "repr")

        def __init__(
            self, *, default=NONE_GIVEN, default_factory=NONE_GIVEN, init=True, compare=True, repr=True
        ) -> None:
            self.default, self.default_factory = default, default_factory
            self.init, self.compare, self.repr = init, compare, repr

    def dataclass(*, frozen=False, slots):
        """Makes a class a record: constructor, equality, hash and representation by its annotated fields."""
        if not slots:
            raise TypeError("records have slots")

        def made(cls):
            own = cls.__annotations__
            plan = {name: _field(cls.__dict__, name) for name in own}
            body = {name: one for name, one in cls.__dict__.items() if name not in own and name not in _NOT_KEPT}
            for name, one in _FROZEN.items() if frozen else _OPEN.items():
                body.setdefault(name, one)
            given = tuple(name for name, one in plan.items() if one.init)
            heeded = tuple(name for name, one in plan.items() if one.compare)
            body |= {"__annotations__": own, "__slots__": tuple(plan), "__plan__": plan, "__match_args__": given}
            body["__values__"], body["__given__"] = staticmethod(_getter(*heeded)), staticmethod(_getter(*given))
            record = type(cls)(cls.__name__, cls.__bases__, body)
            record.__qualname__ = cls.__qualname__
            return record

        return made

    def replace(record, /, **changes):
        """The same record but for some fields."""
        same = zip(record.__match_args__, record.__given__(record), strict=True)
        return type(record)(**{**dict(same), **changes})

    def _getter(*wanted):
        """What gives the values of some fields as a tuple."""
        if len(wanted) > 1:
            return attrgetter(*wanted)
        return lambda record: tuple(getattr(record, one) for one in wanted)

    def _field(body, name):
        found = body.get(name, NONE_GIVEN)
        return found if isinstance(found, field) else field(default=found)

    def _first(self, *given, **named):
        """The constructor until it is called: only then is the real one compiled, in its place."""
        cls = type(self)
        cls.__init__ = _constructor(cls)
        cls.__init__(self, *given, **named)

    def _constructor(cls):
        known, takes, body = {"made": NONE_GIVEN}, [], []
        for name, one in cls.__plan__.items():
            known[f"set_{name}"] = getattr(cls, name).__set__  # past the refusal of a frozen record
            known[f"make_{name}"], known[f"else_{name}"] = one.default_factory, one.default
            default, value = "", name
            if one.default_factory is not NONE_GIVEN:
                default, value = "made", f"make_{name}() if {name} is made else {name}"
            elif one.default is not NONE_GIVEN:
                default = f"else_{name}"
            if one.init:
                takes.append(f"{name}={default}" if default else name)
            else:
                value = f"make_{name}()" if default == "made" else default
            body.append(f" set_{name}(self, {value})")
        if hasattr(cls, "__post_init__"):
            body.append(" self.__post_init__()")
        source = "\n".join([f"def __init__(self, {', '.join(takes)}):", *(body or [" pass"])])
        exec(source, known)  # noqa: S102  made of our own names of fields
        return known["__init__"]

    def _equal(self, other):
        return self.__values__(self) == other.__values__(other) if type(self) is type(other) else NotImplemented

    def _hash(self):
        return hash(self.__values__(self))

    def _repr(self):
        shown = (f"{name}={getattr(self, name)!r}" for name, one in self.__plan__.items() if one.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _refuse(self, name, value=None):
        raise AttributeError(f"{type(self).__name__} is frozen: {name!r} stays as it is")

    class _Fields:
        """What `dataclasses.fields` asks for, made when it does."""

        def __get__(self, record, cls):
            import dataclasses as real

            def same(one):
                kinds = {"default": one.default, "default_factory": one.default_factory}
                given = {name: value for name, value in kinds.items() if value is not NONE_GIVEN}
                return real.field(init=one.init, compare=one.compare, repr=one.repr, **given)

            parts = [(name, cls.__annotations__[name], same(one)) for name, one in cls.__plan__.items()]
            cls.__dataclass_fields__ = real.make_dataclass(cls.__name__, parts).__dataclass_fields__
            return cls.__dataclass_fields__

    _NOT_KEPT = frozenset(("__dict__", "__weakref__"))
    _OPEN = {"__init__": _first, "__eq__": _equal, "__repr__": _repr, "__hash__": None}
    _OPEN["__dataclass_fields__"] = _Fields()
    _FROZEN = {**_OPEN, "__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse}


def is_record(value: Any) -> bool:
    """Whether it is such a record or the class of one."""
    return hasattr(value, "__plan__")


def names(record: Any) -> tuple[str, ...]:
    """The names of a record's fields, in order."""
    return tuple(record.__plan__)


__all__ = ["dataclass", "field", "is_record", "names", "replace"]
