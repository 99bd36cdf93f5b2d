"""`authwatch models auth`: save a pasted login or key, list what is saved, set the order they are tried in."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from alerts.timefmt import parse, when
from monitor.cli.context import USAGE, Context, Failure, common

NO_EXPIRY = (
    "The token has no expiry date. A setup-token lasts a year, so authwatch counts 365 days from now.",
    "To set another date, use --expires-in, or `lifetime:` in a rule of authwatch's config.",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words and flags of `openclaw models auth`."""
    agent(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _paste(verbs, "paste-token", "save a token; paste it at a prompt or pipe it in")
    key = _paste(verbs, "paste-api-key", "save an API key; paste it at a prompt or pipe it in")
    key.add_argument("--env", action="store_true", help="save it in ~/.openclaw/.env instead of the store")
    _paste(verbs, "setup-token", "run `claude setup-token` and save the token", provider="anthropic")
    listed = verbs.add_parser("list", help="list saved logins and keys; shows no secrets")
    _common(listed)
    listed.add_argument("--provider", metavar="P", help="only this provider")
    order = verbs.add_parser("order", help="which login or key OpenClaw tries first")
    agent(order)
    orders = order.add_subparsers(dest="step", metavar="get | set | clear", required=True)
    for step, text in (
        ("get", "show the stored order"),
        ("set", "store an order"),
        ("clear", "remove the stored order"),
    ):
        one = orders.add_parser(step, help=text)
        _common(one)
        one.add_argument("--provider", metavar="P", required=True)
        if step == "set":
            one.add_argument("ids", metavar="ID", nargs="+", help="profile ids, in the order to try them")


def agent(parser: argparse.ArgumentParser, default: Any = argparse.SUPPRESS) -> None:
    """The option `--agent`, which may stand before or after a verb: where it is not given nothing is set, so that what
    stood before stays. The outermost parser has the default."""
    parser.add_argument("--agent", metavar="ID", default=default, help="this agent instead of the default agent")


def _common(parser: argparse.ArgumentParser) -> None:
    common(parser)
    agent(parser)


def _paste(verbs: Any, name: str, text: str, provider: str | None = None) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text)
    _common(parser)
    parser.add_argument(
        "--provider", metavar="P", required=provider is None, default=provider, help="such as anthropic"
    )
    parser.add_argument("--profile-id", metavar="ID", help="default: PROVIDER:manual")
    parser.add_argument("--restart", action="store_true", help="restart OpenClaw's gateway afterwards")
    if name != "paste-api-key":
        parser.add_argument("--expires-in", metavar="SPAN", help="such as 365d, 12h or 1h30m; a plain number is days")
    return parser


def run(given: argparse.Namespace, context: Context) -> int:
    """Does what was asked; a refusal is `WriteRefused`, and nothing was written."""
    verbs: dict[str, Callable[[argparse.Namespace, Context], int]] = {
        "paste-token": _token,
        "paste-api-key": _key,
        "setup-token": _setup_token,
        "list": _list,
        "order": _order,
    }
    return verbs[given.verb](given, context)


# -- saving -------------------------------------------------------------------------------------------------------


def _token(given: argparse.Namespace, context: Context) -> int:
    from monitor.cli.prompts import asked

    return _save(given, context, lambda provider: asked(context, f"Token for {provider}"))


def _setup_token(given: argparse.Namespace, context: Context) -> int:
    from monitor.cli.prompts import REVOKE, setup_token
    from monitor.openclaw.write.replace_file import WriteRefused

    if given.provider.strip().lower() != "anthropic":
        raise WriteRefused(
            "only Anthropic has setup-tokens; for others: authwatch models auth paste-token --provider P"
        )
    made = False

    def make(_: str) -> str:
        nonlocal made
        token = setup_token(context)
        made = True
        return token

    try:
        return _save(given, context, make)
    except WriteRefused as error:
        if made:
            raise WriteRefused(f"{error}\n{REVOKE}") from None
        raise


def save_setup_token(context: Context, *, provider: str, profile: str | None, agent: str) -> None:
    """Makes a setup-token and saves it as that profile of OpenClaw; None: its usual one. Raises WriteRefused, NoToken
    where none was made."""
    words = {"provider": provider, "profile_id": profile, "agent": agent, "expires_in": None}
    _setup_token(argparse.Namespace(**words, json=False, restart=None), context)


def _save(given: argparse.Namespace, context: Context, secret: Callable[[str], str], *, key: bool = False) -> int:
    from monitor.model import Kind, Secret
    from monitor.openclaw.installation import read
    from monitor.openclaw.write import paste, pasted_secret, targets

    host, now = context.host(), context.now()
    found = read(host)
    provider = pasted_secret.provider(given.provider)
    profile = pasted_secret.profile_id(given.profile_id, provider)
    agent = targets.chosen(found, given.agent)
    life = pasted_secret.span(given.expires_in) if not key and given.expires_in is not None else None
    paste.writable(found, agent)
    before = paste.seen(found, agent, profile)
    value = (pasted_secret.api_key if key else pasted_secret.token)(secret(provider), provider)
    now = context.now()  # a person may have taken hours over the prompt
    expires = int((now + life).timestamp() * 1000) if life else None
    kind = Kind.API_KEY if key else Kind.TOKEN
    paths = paste.save(found, agent, paste.Pasted(profile, provider, kind, Secret(value), expires), before, now)
    result = {"ok": True, "profile": profile, "provider": provider, "type": kind.value, "agent": agent}
    result |= {"expires": expires, "written": list(paths)}
    shown = " and ".join(host.show(host.path(path)) for path in paths)
    lines = [f"Saved {profile} ({provider}, {kind.value}) for agent {agent} in {shown}."]
    if life:
        lines.append(f"It expires {when(now + life, now, zone(context))}.")
    elif kind is Kind.TOKEN and provider == "anthropic":
        lines += NO_EXPIRY
    return context.tell(given.json, result, [*lines, *_restarted(given, context)])


def _key(given: argparse.Namespace, context: Context) -> int:
    from monitor.cli.prompts import asked

    if not given.env:
        return _save(given, context, lambda provider: asked(context, f"API key for {provider}"), key=True)
    from monitor.openclaw.env import VARIABLES, is_oauth
    from monitor.openclaw.installation import read
    from monitor.openclaw.releases import auth_id
    from monitor.openclaw.write import pasted_secret
    from monitor.openclaw.write.dotenv import put
    from monitor.openclaw.write.replace_file import WriteRefused

    if given.profile_id or given.agent:
        raise Failure(USAGE, "--env cannot be used with --profile-id or --agent: a variable serves every agent")
    host, provider = context.host(), pasted_secret.provider(given.provider)
    found = read(host)
    names = [name for name in VARIABLES.get(auth_id(provider), ()) if not is_oauth(name)]
    if not names:
        raise WriteRefused(f"OpenClaw has no variable for {provider}; run this without --env")
    if not found.present:
        raise WriteRefused("OpenClaw is not set up in this home\nfix: openclaw onboard")
    put(
        found.places.state / ".env",
        names[0],
        pasted_secret.api_key(asked(context, f"API key for {provider}"), provider),
    )
    path = host.show(found.places.state / ".env")
    result = {"ok": True, "variable": names[0], "provider": provider, "written": [str(found.places.state / ".env")]}
    return context.tell(given.json, result, [f"Saved {names[0]} in {path}.", *_restarted(given, context)])


def _restarted(given: argparse.Namespace, context: Context) -> list[str]:
    if given.restart is None:  # whoever called does it
        return []
    if not given.restart:
        return ["If OpenClaw's gateway is running, restart it: openclaw gateway restart"]
    from monitor.cli.prompts import restart

    return [restart(context)]


# -- listing and ordering -----------------------------------------------------------------------------------------


def _list(given: argparse.Namespace, context: Context) -> int:
    from monitor.openclaw.compat import listing
    from monitor.openclaw.installation import read
    from monitor.openclaw.write import pasted_secret, targets

    found = read(context.host())
    agent = targets.chosen(found, given.agent)
    provider = pasted_secret.provider(given.provider) if given.provider else None
    result = listing.listed(found, agent, provider, context.host().show)
    now, local = context.now(), zone(context)
    rows = [(one["id"], one["provider"], one["type"], _expiry(one, now, local)) for one in result["profiles"]]
    from monitor.cli.layout import WIDEST, table

    return context.tell(given.json, result, table(rows, WIDEST) or [f"No logins or keys are saved for agent {agent}."])


def _expiry(one: dict[str, Any], now: datetime, zone: tzinfo | None) -> str:
    """When a listed profile expires, for a reader; of a login that is renewed, its access."""
    if (at := parse(one.get("expiresAt"))) is None:
        return "no expiry date"
    verb = "expires" if at > now else "expired"
    return f"{'access ' if one['type'] == 'oauth' else ''}{verb} {when(at, now, zone)}"


def zone(context: Context) -> tzinfo | None:
    """The reader's zone; the machine's where the config cannot be read, which is no reason to save nothing."""
    try:
        return context.settings(context.host()).timezone
    except Failure:
        return None


def _order(given: argparse.Namespace, context: Context) -> int:
    from monitor.openclaw.compat import listing
    from monitor.openclaw.installation import read
    from monitor.openclaw.write import paste, pasted_secret, targets

    host = context.host()
    found = read(host)
    agent, provider = targets.chosen(found, given.agent), pasted_secret.provider(given.provider)
    if given.step == "set":
        paste.set_order(found, agent, provider, tuple(one.strip() for one in given.ids), context.now())
    elif given.step == "clear":
        paste.clear_order(found, agent, provider, context.now())
    found = read(context.host())
    order = paste.order_of(found, agent, provider)
    path = host.show(listing.state_path(found, agent))
    result: dict[str, Any] = {"agentId": agent, "provider": provider}
    result["agentDir"] = host.show(listing.folder(found, agent))
    result |= {"authStatePath": path, "order": list(order) if order is not None else None}
    said = ", ".join(order) if order is not None else "(none)"
    lines = [f"Agent: {agent}", f"Provider: {provider}", f"Auth state store: {path}"]
    return context.tell(given.json, result, [*lines, f"Auth profile order override: {said}"])
