"""How the house is built, read from its files: modules, who imports whom, topics, and the names that are public."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from handlers import topics

ROOT = Path(__file__).parents[1]
LAYERS = {
    "handlers": "handlers",
    "handlers/blocks": "blocks",
    "bot/services": "services",
    "bot/domain": "domain",
    "store": "store",
}
"""The folders that have a file for a topic, and what the table of topics calls them."""
AREAS = ("machines", "sharing", "acting", "money", "")
"""The folders inside a layer; what stands in none of them is around all of them."""
Edges = dict[str, set[str]]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    """What is in a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def modules() -> dict[str, tuple[Path, ast.Module]]:
    """Every module of ours by its dotted name: its file, and what is in it."""
    paths = [path for top in ("bot", "handlers", "store") for path in sorted((ROOT / top).rglob("*.py"))]
    return {name_of(path): (path, tree_of(path)) for path in paths}


def lines_of(module: str) -> int:
    return modules()[module][0].read_text(encoding="utf-8").count("\n")


@cache
def imports() -> dict[str, set[tuple[str, str]]]:
    """What each module imports of ours, inside functions as well: a module and a name of it, "" for all of it."""
    return {module: set(_imported(tree)) for module, (_, tree) in modules().items()}


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if f"{node.module}.{alias.name}" in modules():
                    yield f"{node.module}.{alias.name}", ""
                elif node.module in modules():
                    yield node.module, alias.name


@cache
def edges() -> Edges:
    """Which modules each of them imports."""
    return {module: {other for other, _ in imported} - {module} for module, imported in imports().items()}


def importers() -> Edges:
    """Which modules import each of them."""
    by_module: Edges = defaultdict(set)
    for module, imported in edges().items():
        for other in imported:
            by_module[other].add(module)
    return by_module


def circle(edges_by_module: Edges) -> set[str]:
    """The modules of import circles, and those between two of them: what is left without leaves and without roots."""
    left = {module: set(imported) for module, imported in edges_by_module.items()}
    while True:
        imported = set().union(*left.values())
        inner = {module: others & left.keys() for module, others in left.items() if others and module in imported}
        if inner == left:
            return set(left)
        left = inner


@cache
def all_topics() -> dict[tuple[str, str], dict[str, str]]:
    """Area and stem -> layer -> module: what has a controller, and every stem that stands in two layers or more."""
    files: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for module in modules():
        for layer in sorted(LAYERS, key=len, reverse=True):
            inside = module.removeprefix(layer.replace("/", ".") + ".")
            if inside != module:
                area, _, stem = inside.rpartition(".")
                if area in AREAS and inside not in AREAS:
                    files[area, stem][layer] = module
                break
    controllers = {topic.__name__ for topic in topics.TOPICS}
    found = {
        key: by_layer for key, by_layer in files.items() if len(by_layer) > 1 or controllers & {*by_layer.values()}
    }
    return dict(sorted(found.items(), key=lambda item: (AREAS.index(item[0][0]), item[0][1])))


def about(by_layer: dict[str, str]) -> str:
    """What a topic is: the first line of its controller, or of its service, or of whatever it has."""
    first = next(by_layer[layer] for layer in ("handlers", "bot/services", *LAYERS) if layer in by_layer)
    return (ast.get_docstring(modules()[first][1]) or "").split("\n")[0]


@cache
def public(module: str) -> set[str]:
    """The names that a module defines for others: classes, functions and constants without a leading underscore."""
    names: set[str] = set()
    for node in modules()[module][1].body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def bare() -> Edges:
    """Each public name that is imported by itself, so that its module is not seen where it is used -> its modules."""
    by_name: Edges = defaultdict(set)
    for module, name in set().union(*imports().values()):
        if name in public(module):
            by_name[name].add(module)
    return by_name
