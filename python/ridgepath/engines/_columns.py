"""Which columns of a frame are what."""

from dataclasses import dataclass
from typing import Optional

#: Kinds of columns: numbers with and without a fraction, what sorts as text does (dates too), anything else.
NUMBER, WHOLE, TEXT, OTHER = "number", "whole", "text", "other"


@dataclass(frozen=True)
class Columns:
    """The names of the columns that are summed, of the weight and of the folds."""

    features: tuple
    targets: tuple
    weight: Optional[str] = None
    fold: Optional[str] = None

    @property
    def numbers(self):
        """Those that hold numbers."""
        return [*self.features, *self.targets, *([] if self.weight is None else [self.weight])]

    @property
    def used(self):
        """All that are read, each once."""
        return list(dict.fromkeys([*self.numbers, *([] if self.fold is None else [self.fold])]))

    @classmethod
    def of(cls, found, target, features=None, sample_weight=None, fold_column=None):
        """Those asked for, of a frame with the columns `found`: tuples of name, kind and the engine's word for the type."""
        targets = _names("target", target)
        special = [name for name in (sample_weight, fold_column) if name is not None]
        if features is None:
            features = [name for name, _, _ in found if name not in targets and name not in special]
        else:
            features = _names("features", features)
        if not features:
            raise ValueError(f"features: found no column beside {', '.join(map(repr, [*targets, *special]))}")
        columns = cls(tuple(features), tuple(targets), sample_weight, fold_column)
        columns._check({"target": targets, "features": features, "sample_weight": sample_weight, "fold_column": fold_column}, found)
        return columns

    def _check(self, asked, found):
        taken = {}
        for argument, names in asked.items():
            for name in [names] if isinstance(names, str) else names or []:
                if name in taken:
                    raise ValueError(f"column {name!r} is named as {taken[name]} and as {argument}, wanted once")
                taken[name] = argument
                kinds = [(kind, words) for own, kind, words in found if own == name]
                if len(kinds) != 1:
                    there = ", ".join(repr(own) for own, _, _ in found)
                    raise ValueError(f"{argument}: {len(kinds)} columns are named {name!r}, wanted one; there are {there}")
                ((kind, words),) = kinds
                if argument == "fold_column":
                    if kind not in (WHOLE, TEXT):
                        raise ValueError(f"fold_column: column {name!r} holds {words}, wanted whole numbers, text or dates")
                elif kind not in (NUMBER, WHOLE):
                    raise ValueError(f"{argument}: column {name!r} holds {words}, wanted numbers; features=[…] names those to take")


def _names(argument, names):
    names = [names] if isinstance(names, str) else list(names)
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{argument}: found {names!r}, wanted names of columns")
    return names


def of_arrow(schema):
    """What `Columns.of` takes, of a schema of Arrow."""
    return [(field.name, arrow_kind(field.type), str(field.type)) for field in schema]


def arrow_kind(type):
    """The kind of a column of a type of Arrow."""
    from pyarrow import types

    if types.is_dictionary(type):
        return arrow_kind(type.value_type)
    if types.is_integer(type) or types.is_boolean(type):
        return WHOLE
    if types.is_floating(type) or types.is_decimal(type):
        return NUMBER
    if types.is_string(type) or types.is_large_string(type) or types.is_string_view(type):
        return TEXT
    return TEXT if types.is_date(type) or types.is_timestamp(type) else OTHER
