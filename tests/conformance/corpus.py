# SPDX-License-Identifier: Apache-2.0
"""Reads sample corpora of the form that fail2ban's package ships.

A corpus is a folder with one file of log lines for each filter, named like the filter. Lines that begin with # may say
what is expected, others are comments:

  # failJSON: {"match": true, "time": "2005-03-07T20:05:38", "host": "192.0.2.1", "user": "root"}
      of the next line; "constraint" may be an expression over `name` and `opts` that says for whom it holds.
      A line without one is expected not to match.
  # filterOptions: {"mode": "ddos"}, or a list of such
      the lines that follow are run with each of these; keys "test.*" are for the reader of the corpus:
      test.condition (an expression), test.filter-name, test.prefix-line (stands before each line of a journal)
  # fileOptions: {...}
      are part of all later filterOptions
  # addFILE: "other-file"
      is read too, when this one ends

Expressions are interpreted here, never given to Python's eval.
"""

import ast
import dataclasses
import json
import re

CONTROL = re.compile(r"#+ ?(failJSON|fileOptions|filterOptions|addFILE):(.+)$")
# What of failJSON is not a field that the filter must have found.
NO_FIELDS = ("match", "time", "desc", "constraint")


class CorpusError(Exception):
    """The corpus itself is wrong; says where."""


@dataclasses.dataclass
class Check:
    """One line of a log, and what a filter must make of it."""
    file: str
    number: int
    text: bytes  # without its end of line
    expected: dict

    @property
    def where(self):
        return f"{self.file}:{self.number}"

    @property
    def matches(self):
        return bool(self.expected.get("match"))

    @property
    def fields(self):
        return {key: value for key, value in self.expected.items() if key not in NO_FIELDS}


@dataclasses.dataclass
class Run:
    """One filter with one set of options: its lines in order, for it may remember earlier ones."""
    filter: str
    options: dict
    journal: bool  # the lines come from a journal: their time is known, and no date stands in them
    checks: list = dataclasses.field(default_factory=list)

    @property
    def title(self):
        return option_text(self.filter, self.options)


def option_text(name, options):
    """sshd[mode="ddos"], as jails name a filter."""
    return name + ("[" + ", ".join(f'{key}="{value}"' for key, value in options.items()) + "]" if options else "")


# --- expressions ------------------------------------------------------------------------------------------------------

COMPARE = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
}


def holds(expression, name, opts):
    """The truth of comparisons of `name`, opts['key'], opts.get('key', default) and literals; with and, or, not."""
    def value(node):
        match node:
            case ast.Expression(body=body):
                return value(body)
            case ast.Constant(value=constant):
                return constant
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return [value(part) for part in parts]
            case ast.Name(id="name"):
                return name
            case ast.Name(id="opts"):
                return opts
            case ast.Subscript(value=ast.Name(id="opts"), slice=key):
                return opts[value(key)]
            case ast.Call(func=ast.Attribute(value=ast.Name(id="opts"), attr="get"), args=args, keywords=[]):
                return opts.get(*map(value, args))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not value(operand)
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(value(part) for part in parts)
            case ast.BoolOp(op=ast.Or(), values=parts):
                return any(value(part) for part in parts)
            case ast.Compare(left=left, ops=ops, comparators=rights) if all(type(op) in COMPARE for op in ops):
                values = [value(left), *map(value, rights)]
                return all(COMPARE[type(op)](a, b) for op, a, b in zip(ops, values, values[1:]))
        raise ValueError(f"{ast.unparse(node)!r} is not allowed here")

    try:
        return bool(value(ast.parse(expression.strip(), mode="eval")))
    except (SyntaxError, ValueError, KeyError, TypeError) as problem:
        raise CorpusError(f"expression {expression!r}: {problem}") from problem


# --- files ------------------------------------------------------------------------------------------------------------

class _Reader:
    """The runs of one filter."""

    def __init__(self, folder, name):
        self._folder = folder
        self._name = name
        self._files = [name]
        self._common = {}    # fileOptions
        self._current = []   # (key of the run, options) that are in force
        self._skip = False   # test.condition does not hold
        self._chosen = False  # there were filterOptions
        self.runs = {}

    def read(self):
        for file in self._files:  # grows meanwhile
            self._skip = False
            self._read_file(self._folder / file)
        return [run for run in self.runs.values() if run.checks]

    def _read_file(self, path):
        expected = None
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip(b"\r\n")
                if expected is not None:  # whatever the line behind a failJSON looks like, it is a sample
                    self._take_line(path, number, line, expected)
                    expected = None
                    continue
                text = line.decode("utf-8", "replace")
                control = CONTROL.match(text)
                try:
                    if control:
                        expected = self._take_control(control.group(1), json.loads(control.group(2)))
                    elif text.strip() and not text.startswith("#"):
                        self._take_line(path, number, line, {})
                except (ValueError, CorpusError) as problem:
                    raise CorpusError(f"{path}:{number}: {problem}") from problem

    def _take_control(self, kind, value):
        """What is expected of the next line, for failJSON; else None."""
        if kind == "failJSON":
            return value
        if kind == "fileOptions":
            self._common = value
        elif kind == "addFILE":
            self._files.append(value)
        else:
            self._choose(value if isinstance(value, list) else [value])
        return None

    def _choose(self, option_sets):
        self._current = []
        self._chosen = True
        self._skip = False
        for own in option_sets:
            opts = {**self._common, **own}
            if "test.condition" in opts:
                self._skip = not holds(opts["test.condition"], self._name, opts)
            if not self._skip:
                self._current.append((self._run_for(opts), opts))

    def _run_for(self, opts):
        options = {key: value for key, value in opts.items() if not key.startswith("test.")}
        journal = opts.get("logtype") == "journal"
        key = (opts.get("test.filter-name") or json.dumps(options, sort_keys=True), journal)
        return self.runs.setdefault(key, Run(self._name, options, journal))

    def _take_line(self, path, number, line, expected):
        if self._skip:
            return
        if not self._chosen:
            self._choose([{}])
        for run, opts in self._current:
            if "constraint" in expected and not holds(expected["constraint"], self._name, opts):
                continue
            prefix = opts.get("test.prefix-line", "") if run.journal else ""
            run.checks.append(Check(path.name, number, prefix.encode() + line, expected))


def read_corpus(folder, filters):
    """All runs for the filters (names) that have a sample file, and the names of those that have none."""
    runs, without = [], []
    for name in sorted(filters):
        if (folder / name).is_file():
            runs.extend(_Reader(folder, name).read())
        else:
            without.append(name)
    return runs, without
