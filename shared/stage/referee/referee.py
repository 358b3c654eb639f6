"""Lets vendors' own SDKs judge what the channels send, and what their samples sign.

Usage: referee.py [CHANNEL…]
       referee.py --packages    what they need, for pip

A referee is the file `referee.py` in a channel's folder. Its first lines name the
packages it asks, pinned, as inline script metadata (PEP 723). It has one or more of

    sent(call)       raises for an outgoing call of testdata/out that the SDK's model
                     of that request refuses, or Unjudged where it has no model
    signed(sample)   whether the vendor's code takes the signature of a sample of
                     testdata/in; it has to refuse the same sample with another body
    heard(sample)    raises where the vendor's code cannot read a sample

and says what it has to find and where the SDK, not we, is wrong:

    PLANTED          (golden, path, value): faults that sent has to find; GONE removes
                     a member
    EXCEPT           {path: why}: members of our calls that the model lacks, with
                     the vendor's page that has them; sent does not see them
    UNHEARD          {sample: why}: samples that heard does not read
    UNSIGNED         {sample: why}: samples without this signature

Paths are members and indexes with dots between: messages.0.text. Those of EXCEPT and
the names of samples are patterns. Nothing is left out silently: why a call has no model
is printed, and an exception that nothing needs any more is a fault. At last, what nobody
planted by hand is planted everywhere, to print where the SDK is blind.
"""

import copy
import dataclasses
import email
import email.policy
import fnmatch
import importlib.util
import json
import pathlib
import re
import sys
import tomllib
import typing
import urllib.parse

CHANNELS = pathlib.Path(__file__).parents[3] / "functions/channels"
GONE = object()


class Unjudged(Exception):
    """Says why no model of the vendor is there for a call."""


@dataclasses.dataclass
class Call:
    """An outgoing request of a golden. body is JSON, or the fields of a form. What
    goldens mask is the account's again."""

    golden: str
    method: str
    url: str
    header: dict
    body: typing.Any
    account: dict
    files: dict = dataclasses.field(default_factory=dict)

    @property
    def host(self):
        return urllib.parse.urlsplit(self.url).netloc

    @property
    def path(self):
        return urllib.parse.urlsplit(self.url).path

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.url).query, keep_blank_values=True))


@dataclasses.dataclass
class Sample:
    """A recorded webhook, with the account it was signed for."""

    name: str
    method: str
    path: str
    header: dict
    body: bytes
    account: dict

    @property
    def url(self):
        return "https://relais.example" + self.path


def head(text):
    """The first line and the headers of a request."""
    first, *lines = text.decode().split("\n")
    return first.rstrip("\r"), {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


REQUEST = re.compile(rb"\n\n(?=(?:GET|POST|PUT|PATCH|DELETE) \S+ HTTP/1\.1\n)")


def calls(golden, account):
    """The requests that a golden shows, between comments and what else it tells."""
    found = []

    def unmasked(text):
        return re.sub(r"\[(\w+)\]", lambda m: str(account.get(m[1], m[0])), text)

    for part in REQUEST.split(b"\n" + golden.read_bytes())[1:]:
        top, _, rest = part.partition(b"\n\n")
        line, header = head(top)
        method, url, _ = line.split(" ")
        header = {name: unmasked(value) for name, value in header.items()}
        body, files = content(header.get("Content-Type", ""), rest)
        found.append(Call(golden.stem, method, unmasked(url), header, body, account, files))
    return found


def content(kind, rest):
    """A body, its end found by its own syntax, and its files."""
    if kind.startswith("application/json"):
        return json.JSONDecoder().raw_decode(rest.decode(errors="surrogateescape"))[0], {}
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(urllib.parse.parse_qsl(rest.decode().split("\n")[0], keep_blank_values=True)), {}
    if kind.startswith("multipart/"):
        parts = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\n\n" + rest, policy=email.policy.HTTP)
        fields, files = {}, {}
        for p in parts.iter_parts():
            name = p.get_param("name", header="content-disposition")
            if p.get_filename():
                files[name] = p.get_filename()
            else:
                fields[name] = p.get_content().strip()
        return fields, files
    return None, {}


def credentials(folder):
    return json.loads((folder / "testdata/account.json").read_text())["credentials"]


def samples(folder):
    account = credentials(folder)
    for file in sorted((folder / "testdata/in").glob("*.http")):
        top, _, body = re.sub(rb"\A[^\n]*\n(?:[^\n]+\n)*", lambda m: m[0].replace(b"\r\n", b"\n"),
                              file.read_bytes()).partition(b"\n\n")
        line, header = head(top)
        method, path, _ = line.split(" ")
        yield Sample(file.stem, method, path, header, body, account)


def nodes(value, path=""):
    """Everything below a value with its path, the leaves first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, x in inner:
        yield from nodes(x, f"{path}.{name}" if path else str(name))
    yield path, value


def planted(call, path, value):
    """A copy of a call with another value at a path; None where there is no such place."""
    copied = copy.deepcopy(call)
    *way, last = path.split(".")
    place = copied.body
    try:
        for name in way:
            place = place[int(name) if isinstance(place, list) else name]
        if isinstance(place, list):
            last = int(last)
            place[last] # the place is there
        elif not isinstance(place, dict):
            return None
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return copied


def same(ours, sdk, path=""):
    """Raises where what an SDK makes of our call says something else than ours; empty
    members say nothing."""
    if isinstance(ours, dict) and isinstance(sdk, dict):
        for name in {**ours, **sdk}:
            same(ours.get(name), sdk.get(name), f"{path}.{name}" if path else name)
    elif isinstance(ours, list) and isinstance(sdk, list) and len(ours) == len(sdk):
        for i, (a, b) in enumerate(zip(ours, sdk)):
            same(a, b, f"{path}.{i}")
    elif (ours or sdk) and (ours != sdk or isinstance(ours, bool) != isinstance(sdk, bool)):
        raise ValueError(f"{path or 'the body'}: ours is {ours!r}, the SDK's {sdk!r}")


def known(model, path=""):
    """Raises where a Pydantic model that keeps what it does not know has kept something."""
    if isinstance(model, (list, tuple)):
        for i, item in enumerate(model):
            known(item, f"{path}.{i}")
    elif hasattr(model, "model_fields_set"):
        if model.model_extra:
            raise ValueError(f"{path or 'the body'}: {type(model).__name__} has no {', '.join(model.model_extra)}")
        for name in model.model_fields_set:
            known(getattr(model, name), f"{path}.{name}" if path else name)


def refusal(function, *arguments):
    """Why a referee refuses something, in a line; '' if it does not."""
    try:
        function(*arguments)
    except Unjudged:
        raise
    except Exception as e:  # any complaint of an SDK
        return f"{type(e).__name__}: {' '.join(str(e).split())}"[:150]
    return ""


class Game:
    """One referee, and what it says."""

    def __init__(self, folder):
        self.folder, self.name = folder, folder.name
        spec = importlib.util.spec_from_file_location(f"referee_{self.name}", folder / "referee.py")
        self.rules = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.rules)
        self.faults, self.used = [], set()

    def rule(self, name, default=None):
        return getattr(self.rules, name, default)

    def fault(self, text):
        self.faults.append(f"{self.name}: {text}")

    def excepted(self, call):
        """A call without the members that the model is known to lack."""
        for path, _ in nodes(copy.deepcopy(call.body)):
            for pattern in self.rule("EXCEPT", {}):
                if path and fnmatch.fnmatchcase(path, pattern):
                    self.used.add(("EXCEPT", pattern))
                    call = planted(call, path, GONE) or call
        return call

    def sent(self):
        taken, refused, reasons = [], 0, {}
        for golden in sorted((self.folder / "testdata/out").glob("*.http")):
            for call in map(self.excepted, calls(golden, credentials(self.folder))):
                try:
                    why = refusal(self.rules.sent, call)
                except Unjudged as e:
                    reasons.setdefault(str(e), []).append(call.golden)
                    continue
                if not why:
                    taken.append(call)
                else:
                    refused += 1
                    self.fault(f"testdata/out/{call.golden}.http: {call.method} {call.path}: {why}")
        if not taken:
            self.fault("no call was taken")
        print(f"  {len(taken) + refused} calls judged")
        for why, goldens in reasons.items():
            some = sorted(set(goldens))
            print(f"  {len(goldens)} without a model ({', '.join(some[:4])}{', …' if some[4:] else ''}): {why}")
        self.excuses("EXCEPT")
        self.plant(taken)
        self.sweep([c for c in taken if isinstance(c.body, dict)])

    def plant(self, taken):
        if not self.rule("PLANTED"):
            self.fault("no fault is planted: PLANTED is empty")
        for golden, path, value in self.rule("PLANTED", []):
            shown = f"{golden}: {path} " + ("gone" if value is GONE else json.dumps(value))
            with_fault = [p for p in (planted(c, path, value) for c in taken if c.golden == golden) if p]
            if not with_fault:
                self.fault(f"{shown} cannot be planted: there is no such place")
                continue
            why = refusal(self.rules.sent, with_fault[0])
            print(f"  planted {shown}: {why or 'NOT FOUND'}")
            if not why:
                self.fault(f"does not find a planted fault, {shown}")

    def sweep(self, taken):
        """Plants an unknown member in every object and an object for every leaf, and counts."""
        members, types = [], []
        seen = set()
        for call in taken:
            for path, value in nodes(call.body):
                generic = (re.sub(r"\d+", "#", f"{call.path} {path}"), path and type(value).__name__)
                if generic in seen:
                    continue
                seen.add(generic)
                unknown = f"{path}.relaisPlanted" if path else "relaisPlanted"
                if isinstance(value, dict):
                    members.append((path, refusal(self.rules.sent, planted(call, unknown, "x"))))
                elif not isinstance(value, list) and "json" in call.header.get("Content-Type", ""):
                    types.append((path, refusal(self.rules.sent, planted(call, path, {"relaisPlanted": "x"}))))
        for what, found in ("an unknown member", members), ("an object for a value", types):
            if not found:
                continue
            blind = sorted({re.sub(r"\d+", "#", path) or "the body" for path, why in found if not why})
            print(f"  swept {what}: found at {sum(1 for _, why in found if why)} of {len(found)} kinds of places"
                  + (f"; blind at {', '.join(blind)[:300]}" if blind else ""))

    def excused(self, sample, table):
        for pattern in self.rule(table, {}):
            if fnmatch.fnmatchcase(sample.name, pattern):
                self.used.add((table, pattern))
                return True
        return False

    def excuses(self, table):
        for pattern, why in self.rule(table, {}).items():
            print(f"  {table.lower()} {pattern}: {why}")
            if (table, pattern) not in self.used:
                self.fault(f"nothing needs {pattern} of {table} any more")

    def signed(self, list_):
        taken = 0
        for s in list_:
            if self.excused(s, "UNSIGNED"):
                continue
            if why := refusal(self.verify, s):
                self.fault(f"testdata/in/{s.name}.http: the signature is refused: {why}")
            elif not refusal(self.verify, dataclasses.replace(s, body=s.body + b"&a=b")):
                self.fault(f"testdata/in/{s.name}.http: the signature is taken with another body")
            else:
                taken += 1
        print(f"  {taken} samples verified, each refused with another body")

    def verify(self, sample):
        if not self.rules.signed(sample):
            raise ValueError("it is not this body's")

    def heard(self, list_):
        read = 0
        for s in list_:
            why = refusal(self.rules.heard, s)
            if why and not self.excused(s, "UNHEARD"):
                self.fault(f"testdata/in/{s.name}.http: {why}")
            read += not why
        print(f"  {read} of {len(list_)} samples read")

    def play(self):
        print(f"{self.name}: {' '.join(packages(self.folder))}")
        if self.rule("sent"):
            self.sent()
        list_ = list(samples(self.folder))
        if self.rule("signed"):
            self.signed(list_)
        if self.rule("heard"):
            self.heard(list_)
        self.excuses("UNSIGNED")
        self.excuses("UNHEARD")


def packages(folder):
    """What the first lines of a referee ask for."""
    block = re.search(r"(?ms)^# /// script\n(.*?)^# ///$", (folder / "referee.py").read_text())
    if not block:
        sys.exit(f"{folder.name}/referee.py names no packages: begin it with `# /// script`, dependencies, `# ///`")
    needs = tomllib.loads(re.sub(r"(?m)^# ?", "", block[1]))["dependencies"]
    for need in needs:
        if "==" not in need:
            sys.exit(f"{folder.name}/referee.py: {need} is not pinned; write {need}==VERSION")
    return needs


def main():
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    folders = [f.parent for f in sorted(CHANNELS.glob("*/referee.py")) if not names or f.parent.name in names]
    if not folders:
        sys.exit("no such referee")
    if "--packages" in sys.argv:
        print("\n".join(sorted({p for f in folders for p in packages(f)})))
        return
    sys.path += map(str, CHANNELS.glob("internal/*"))
    faults = []
    for folder in folders:
        game = Game(folder)
        game.play()
        faults += game.faults
    print(f"{len(folders)} referees, {len(faults)} faults")
    print(*faults, sep="\n", end="\n" if faults else "")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    sys.modules["referee"] = sys.modules["__main__"]  # what referees import
    main()
