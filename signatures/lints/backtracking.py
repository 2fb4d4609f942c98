"""How much a pattern can be made to go back: exponentially, or by a power of the length of a line.

Two ways through the same loop for the same text make `re` try both, and both again at every further round: the time
doubles with each (exponential ambiguity, Weber and Seidl 1991). Loops one after the other that take the same text
let it be divided between them in as many ways as it is long, for each such pair (polynomial ambiguity).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

from signatures.lints.automaton import LONGEST, Automaton, NotJudged

MOST_TRIES = 10_000_000
"""Ways to divide a line between loops that `re` may try: about a third of a second."""
SHORT = 24
"""Characters that a doubled loop may take without being dangerous: trying them all is a matter of milliseconds."""
MOST_STEPS = 400_000
"""Steps of one search, after which the pattern is taken for too tangled to be judged."""

Pair = tuple[int, int]
N = TypeVar("N", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Danger:
    """What a pattern can be made to do."""

    degree: int | None
    """Power of the length in which time can grow; None for exponential."""
    prefix: str
    """What leads to the loop."""
    pump: str
    """What, repeated, makes it slow."""


class Loops:
    """The loops of an automaton, and what they can do."""

    def __init__(self, automaton: Automaton) -> None:
        self._a = automaton
        self._walk = _Walk()
        self.parts = list(_components(automaton))
        """Positions that lead to one another, by loop."""
        self._part = {position: number for number, part in enumerate(self.parts) for position in part}

    def exponential(self) -> Danger | None:
        """The first loop that can be gone through in two ways with the same text."""
        for number, part in enumerate(self.parts):
            if max(self._a.rounds[p] for p in part) <= SHORT:
                continue
            witness = self._doubled(number, part) or self._two_ways(number, part)
            if witness is not None:
                start, pump = witness
                return Danger(None, self.prefix(start), pump)
        return None

    def polynomial(self, *, searched: bool) -> Danger | None:
        """The dearest row of loops that share a text, where there are too many ways to divide it between them."""
        after: dict[int, dict[int, str]] = {number: {} for number in range(len(self.parts))}
        for one in after:
            for two in after:
                if one != two and (pump := self._shared(one, two)):
                    after[one][two] = pump
        rows = [self._row(number, after, {}) for number in after]
        tries, row = max(rows, key=itemgetter(0), default=(0, []))
        if len(row) < 2 or tries * (LONGEST if searched else 1) < MOST_TRIES:
            return None
        return Danger(len(row) + searched, self.prefix(self.parts[row[0]][0]), after[row[0]][row[1]])

    def prefix(self, position: int) -> str:
        """A shortest text up to and including the character of a position."""
        path = self._walk.path(self._a.first, lambda p: self._a.follow.get(p, ()), {position})
        return self._spelled(path)

    def round(self, position: int) -> str:
        """A shortest text that leads from a position back to it."""
        part = self._part[position]
        steps = [p for p in self._a.follow[position] if self._part.get(p) == part]
        return self._spelled(self._walk.path(steps, lambda p: self._inside(p, part), {position}))

    def _spelled(self, positions: Iterable[int]) -> str:
        return "".join(self._a.alphabet.letter(self._a.masks[p]) for p in positions)

    def _inside(self, position: int, part: int) -> list[int]:
        return [p for p in self._a.follow.get(position, ()) if self._part.get(p) == part]

    def _doubled(self, number: int, part: list[int]) -> tuple[int, str] | None:
        """A step within the loop that can come about in two ways."""
        for start in part:
            for then, ways in self._a.follow.get(start, {}).items():
                if ways > 1 and self._part.get(then) == number:
                    back = [] if then == start else self._walk.path([then], lambda p: self._inside(p, number), {start})
                    return start, self._spelled(back or [then])
        return None

    def _two_ways(self, number: int, part: list[int]) -> tuple[int, str] | None:
        """Two different ways from a position of the loop back to it, with the same text."""
        masks = self._a.masks

        def steps(pair: Pair) -> Iterator[Pair]:
            for one in self._inside(pair[0], number):
                for two in self._inside(pair[1], number):
                    if masks[one] & masks[two]:
                        yield (one, two)

        came = self._walk.reached([(p, p) for p in part], steps)
        apart = [pair for pair in came if pair[0] < pair[1]]
        for pair in apart:
            way = self._walk.path(steps(pair), steps, {(p, p) for p in part})
            if not way:
                continue
            there: list[Pair] = [pair]
            while (before := came[there[0]]) is not None:
                there.insert(0, before)
            start, met = there[0][0], way[-1][0]
            home = (
                []
                if met == start
                else self._walk.path(self._inside(met, number), lambda p: self._inside(p, number), {start})
            )
            text = "".join(self._a.alphabet.letter(masks[a] & masks[b]) for a, b in [*there[1:], *way])
            return start, text + self._spelled(home)
        return None

    def _shared(self, one: int, two: int) -> str:
        """A text that goes around one loop, on to another, and around that one: empty where there is none."""
        masks, follow = self._a.masks, self._a.follow

        def steps(triple: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
            for x in self._inside(triple[0], one):
                for z in self._inside(triple[2], two):
                    if both := masks[x] & masks[z]:
                        for y in follow.get(triple[1], ()):
                            if both & masks[y]:
                                yield (x, y, z)

        for p in self.parts[one][:8]:
            for q in self.parts[two][:8]:
                way = self._walk.path(steps((p, p, q)), steps, {(p, q, q)})
                if way:
                    return "".join(self._a.alphabet.letter(masks[x] & masks[y] & masks[z]) for x, y, z in way)
        return ""

    def _row(
        self, number: int, after: dict[int, dict[int, str]], known: dict[int, tuple[int, list[int]]]
    ) -> tuple[int, list[int]]:
        """The ways to divide a text between this loop and those after it, at most; and which loops these are."""
        if number not in known:
            rows = [self._row(then, after, known) for then in after[number]]
            tries, row = max(rows, key=itemgetter(0), default=(1, []))
            known[number] = tries * max(self._a.rounds[p] for p in self.parts[number]), [number, *row]
        return known[number]


def dangers(automaton: Automaton, *, searched: bool = False) -> Iterator[Danger]:
    """What a pattern, lookarounds included, can be made to do that a rule must not. Raises `NotJudged`.

    A pattern that is searched for, rather than held against a whole piece, begins anew at every character; that is
    one power more.
    """
    loops = Loops(automaton)
    danger = loops.exponential() or loops.polynomial(searched=searched)
    if danger is not None:
        yield danger
    for inner in automaton.inner:
        yield from dangers(inner, searched=searched)


def _components(automaton: Automaton) -> Iterator[list[int]]:
    """The strongly connected parts with at least one step in them (Tarjan, without recursion)."""
    follow = automaton.follow
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    for root in range(len(automaton.masks)):
        if root in index:
            continue
        work = [(root, iter(follow.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, steps = work[-1]
            for then in steps:
                if then not in index:
                    index[then] = low[then] = len(index)
                    stack.append(then)
                    on_stack.add(then)
                    work.append((then, iter(follow.get(then, ()))))
                    break
                if then in on_stack:
                    low[node] = min(low[node], index[then])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = stack[stack.index(node) :]
                    del stack[-len(part) :]
                    on_stack.difference_update(part)
                    if len(part) > 1 or node in follow.get(node, ()):
                        yield part


class _Walk:
    """Breadth-first search with one budget of steps for all that is asked of a pattern."""

    def __init__(self) -> None:
        self._budget = MOST_STEPS

    def reached(self, starts: Iterable[N], steps: Callable[[N], Iterable[N]]) -> dict[N, N | None]:
        """Everything that can be reached, each with the one it was reached from; None for the starts."""
        return self._from(starts, steps, frozenset())[0]

    def path(self, starts: Iterable[N], steps: Callable[[N], Iterable[N]], goals: Collection[N]) -> list[N]:
        """A shortest way from one of the starts to one of the goals, both included; empty where there is none."""
        came, goal = self._from(starts, steps, goals)
        way: list[N] = []
        while goal is not None:
            way.append(goal)
            goal = came[goal]
        return way[::-1]

    def _from(
        self, starts: Iterable[N], steps: Callable[[N], Iterable[N]], goals: Collection[N]
    ) -> tuple[dict[N, N | None], N | None]:
        came: dict[N, N | None] = dict.fromkeys(starts)
        queue = deque(came)
        while queue:
            node = queue.popleft()
            if node in goals:
                return came, node
            for then in steps(node):
                self._budget -= 1
                if self._budget < 0:
                    raise NotJudged("the loops of the pattern are too tangled")
                if then not in came:
                    came[then] = node
                    queue.append(then)
        return came, None
