"""How does a frozen value of ours travel as plain JSON and come back equal?

A dataclass becomes an object with its fields, a tuple a list, a `Fraction` the text "num/den" (a float would lose
exactness), a string enum its text. Reading checks every type and asks for every field, so that JSON which was not
written by `to_plain` is refused instead of half understood.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from fractions import Fraction
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: object) -> Any:
    """The value in JSON types only.

    Raises:
        TypeError: there is something in it that has no exact plain form, such as a float.
    """
    if isinstance(value, StrEnum):
        return str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no exact plain form")


def from_plain(kind: type[T], data: object) -> T:
    """The value of this dataclass that `to_plain` wrote.

    Raises:
        ValueError: a field is missing, unknown or of another type.
    """
    value: T = _read(kind, data, kind.__name__)
    return value


def _read(kind: Any, data: object, at: str) -> Any:
    if isinstance(kind, UnionType):
        return _read_optional(kind, data, at)
    if get_origin(kind) is tuple:
        item_kind = get_args(kind)[0]
        items = _expect(Sequence, data, at)
        return tuple(_read(item_kind, item, f"{at}[{index}]") for index, item in enumerate(items))
    if is_dataclass(kind):
        return _read_dataclass(kind, data, at)
    if kind is Fraction:
        return _read_fraction(_expect(str, data, at), at)
    if issubclass(kind, StrEnum):
        return kind(_expect(str, data, at))
    return _expect(kind, data, at)


def _read_optional(kind: UnionType, data: object, at: str) -> Any:
    if data is None:
        return None
    (present,) = (option for option in get_args(kind) if option is not NoneType)
    return _read(present, data, at)


def _read_dataclass(kind: Any, data: object, at: str) -> Any:
    found = _expect(Mapping, data, at)
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    if set(found) != set(names):
        raise ValueError(f"{at}: expected fields {sorted(names)}, found {sorted(map(str, found))}")
    return kind(**{name: _read(hints[name], found[name], f"{at}.{name}") for name in names})


def _read_fraction(text: str, at: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    if not denominator.isdecimal() or int(denominator) == 0:
        raise ValueError(f'{at}: expected "num/den", found {text[:80]}')
    return Fraction(int(numerator), int(denominator))


def _expect(kind: Any, data: object, at: str) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise ValueError(f"{at}: expected {kind.__name__}, found {data!r:.80}")
    return data
