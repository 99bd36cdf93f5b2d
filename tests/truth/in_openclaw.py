"""The shapes of OpenClaw's own stores, in each of its three generations."""

from __future__ import annotations

from tests.truth.shape import AGENT, DAY, HOUR, JSON, MINUTE, MODEL, SHARED, Home, Shape, Truth

D, E, S, H, U = Truth.DEAD, Truth.ENDING, Truth.SPARE, Truth.HARMLESS, Truth.UNTOLD
A, B = "anthropic:default", "anthropic:work"
KEY = {"type": "api_key", "provider": "anthropic", "key": "sk-FAKESECRET"}
WRONG = {"type": "api_key", "provider": "anthropic", "api_key": "sk-FAKESECRET"}
SETUP = {"type": "token", "provider": "anthropic", "token": "sk-ant-oat01-FAKESECRET" + "A" * 80}
DECLARED = {"profiles": {B: {"provider": "anthropic", "mode": "api_key"}}}
NEWEST = {"lastTouchedVersion": SHARED}
ID, SUM = "ab" * 16, "cd" * 32


def fence(failed: bool) -> dict[str, object]:
    mark = f"openclaw-oauth-refresh-fence:v1:{ID}:{'failed:' if failed else ''}%s:{SUM}"
    tokens = {"access": mark % "access", "refresh": mark % "refresh", "expires": 1}
    return {"type": "oauth", "provider": "anthropic", **tokens}


def used_in_vain(left: int) -> object:
    """An hour and more after the access expired somebody uses it, and nothing renews it."""
    return lambda h: h.uses().json({A: h.oauth(-left * HOUR)}, usageStats={A: {"lastUsed": h.ms(-MINUTE)}})


def stranded(h: Home) -> None:
    """A newer release has run here and has nothing; the logins lie in the file that it does not read."""
    h.uses().json({A: h.token(90 * DAY)})
    table = "CREATE TABLE config_machine_state (state_key TEXT PRIMARY KEY, value_json TEXT, updated_at_ms INTEGER)"
    h.database(".openclaw/state/openclaw.sqlite", table)


SHAPES = (
    # -- JSON files, to 2026.5 ----------------------------------------------------------------------------------------
    Shape("the only token expired", "openclaw#57399", D, lambda h: h.uses().json({A: h.token(-HOUR)}), JSON),
    Shape("a token valid for most of a year", "openclaw#68042", H, lambda h: h.uses().json({A: h.token(364 * DAY)}), JSON),
    Shape("the only token expires in an hour", "claw-info#317", E, lambda h: h.uses().json({A: h.token(HOUR)}), JSON),
    Shape("access expired, renews at the next use", "openclaw#71256", H, lambda h: h.uses().json({A: h.oauth(-30 * HOUR)}), JSON),
    Shape("access expires in 2 h, renews itself", "openclaw#3032", H, lambda h: h.uses().json({A: h.oauth(2 * HOUR)}), JSON),
    Shape("access expired, no refresh token", "openclaw#66952", D, lambda h: h.uses().json({A: h.oauth(-HOUR, refresh="")}), JSON),
    Shape(
        "used for hours after access expired, never renewed", "openclaw#42721", D, used_in_vain(5), JSON,
        before=((6 * HOUR, lambda h: h.uses().json({A: h.oauth(HOUR)})), (2 * HOUR, used_in_vain(3))),
    ),
    Shape("tokens emptied", "claude-code#88583", D, lambda h: h.uses().json({A: h.oauth(8 * HOUR, access="", refresh="")}), JSON),
    Shape("expiry in seconds, read as milliseconds", "openclaw#83480", D, lambda h: h.uses().json({A: h.token(None, expires=h.ms(90 * DAY) // 1000)}), JSON),
    Shape("a key in a field that is not read", "openclaw#57389", D, lambda h: h.uses().json({A: WRONG}), JSON),
    Shape("one good token, one dead", "openclaw#79685", S, lambda h: h.uses().json({A: h.token(-HOUR), B: h.token(90 * DAY)}), JSON),
    Shape("a dead token that the order leaves out", "openclaw#149343", H, lambda h: h.uses(auth={"order": {"anthropic": [B]}}).json({A: h.token(-DAY), B: h.token(90 * DAY)}), JSON),
    Shape("a dead token that nothing uses", "openclaw#79685", H, lambda h: h.uses().json({B: h.token(90 * DAY), "openai:old": h.token(-DAY, "openai")}), JSON, key="openclaw/main/openai:old"),
    Shape("a dead token beside a key in .env", "openclaw#26793", S, lambda h: (h.uses().json({A: h.token(-HOUR)}), h.file(".openclaw/.env", "ANTHROPIC_API_KEY=sk-FAKESECRET\n")), JSON),
    Shape("rate limited for some minutes", "openclaw#10375", H, lambda h: h.uses().json({A: h.token(90 * DAY)}, usageStats={A: {"cooldownUntil": h.ms(4 * MINUTE)}}), JSON),
    Shape("out of credit", "openclaw#66745", D, lambda h: h.uses().json({A: KEY}, usageStats={A: {"disabledUntil": h.ms(5 * HOUR), "disabledReason": "billing"}}), JSON),
    Shape("rejected permanently", "openclaw#80794", D, lambda h: h.uses().json({A: KEY}, usageStats={A: {"disabledUntil": h.ms(HOUR), "disabledReason": "auth_permanent"}}), JSON),
    Shape("a model whose provider has no login", "openclaw#31585", D, lambda h: h.uses(MODEL, "openai/gpt-5.5").json({A: h.token(90 * DAY)}), JSON, key="openclaw/main/openai:-"),
    Shape("nothing stored at all", "openclaw#86756", D, lambda h: h.uses().json({}), JSON, key="openclaw/main/anthropic:-"),
    Shape("the store is truncated", "openclaw#86717", U, lambda h: h.uses().file(".openclaw/agents/main/agent/auth-profiles.json", '{"version": 1, "prof'), JSON, key=""),
    Shape("a key that may have been revoked", "openclaw#82700", U, lambda h: h.uses().json({A: KEY}), JSON),
    Shape("a setup-token without an expiry date", "pandysp/openclaw-infra#3", U, lambda h: h.uses().json({A: SETUP}), JSON),
    Shape("a secret behind a reference", "openclaw#30311", U, lambda h: h.uses().json({A: {"type": "token", "provider": "anthropic", "tokenRef": {"source": "file", "provider": "default", "id": "x"}}}), JSON),
    Shape(
        "an update lost a login", "openclaw#93352", D, lambda h: h.uses().json({"openai:x": h.token(90 * DAY, "openai")}), JSON,
        before=((HOUR, lambda h: h.uses().json({A: h.oauth(8 * HOUR), "openai:x": h.token(90 * DAY, "openai")})),),
    ),
    # -- a database per agent, 2026.6 and 2026.7 ----------------------------------------------------------------------
    Shape("the only token expired", "openclaw#20036", D, lambda h: h.uses().agent({A: h.token(-HOUR)}), AGENT),
    Shape("the only token expires in an hour", "claw-info#317", E, lambda h: h.uses().agent({A: h.token(HOUR)}), AGENT),
    Shape("access expired, renews at the next use", "openclaw#128801", H, lambda h: h.uses().agent({A: h.oauth(-30 * HOUR)}), AGENT),
    Shape("access expires in 2 h, renews itself", "openclaw#108098", H, lambda h: h.uses().agent({A: h.oauth(2 * HOUR)}), AGENT),
    Shape("one good token, one dead", "openclaw#79685", S, lambda h: h.uses().agent({A: h.token(-HOUR), B: h.token(90 * DAY)}), AGENT),
    Shape("rate limited for some minutes", "openclaw#10375", H, lambda h: h.uses().agent({A: h.oauth(30 * DAY)}, usageStats={A: {"cooldownUntil": h.ms(4 * MINUTE)}}), AGENT),
    Shape("out of credit", "openclaw#66745", D, lambda h: h.uses().agent({A: KEY}, usageStats={A: {"disabledUntil": h.ms(5 * HOUR), "disabledReason": "billing"}}), AGENT),
    Shape("a key in a field that is not read", "openclaw#57389", D, lambda h: h.uses().agent({A: WRONG}), AGENT),
    Shape("the old file beside the database", "openclaw#92717", H, lambda h: (h.uses().agent({A: h.token(90 * DAY)}), h.json({A: h.token(-DAY)})), AGENT),
    Shape(
        "an update renamed a login", "openclaw#92458", H, lambda h: h.uses("openai/gpt-5.5").agent({"openai:chatgpt-default": h.oauth(240 * HOUR, "openai")}), AGENT,
        key="openclaw/main/openai:chatgpt-default",
        before=((HOUR, lambda h: h.uses("openai/gpt-5.5").agent({"openai-codex:default": h.oauth(240 * HOUR, "openai-codex")})),),
    ),
    Shape("an empty database file", "openclaw#93145", U, lambda h: h.uses().file(".openclaw/agents/main/agent/openclaw-agent.sqlite", ""), AGENT, key=""),
    # -- one shared database, from 2026.8 -----------------------------------------------------------------------------
    Shape("the only token expired", "openclaw#86215", D, lambda h: h.uses().shared({A: h.token(-HOUR)}), SHARED),
    Shape("the only token expires in an hour", "claw-info#317", E, lambda h: h.uses().shared({A: h.token(HOUR)}), SHARED),
    Shape("access expired, renews at the next use", "openclaw#128802", H, lambda h: h.uses().shared({A: h.oauth(-30 * HOUR)}), SHARED),
    Shape("access expired, no refresh token", "openclaw#99134", D, lambda h: h.uses().shared({A: h.oauth(-HOUR, refresh="")}), SHARED),
    Shape("a failed refresh destroyed the tokens", "openclaw#141477", D, lambda h: h.uses().shared({A: fence(failed=True)}), SHARED),
    Shape("a refresh is in progress", "openclaw#89278", H, lambda h: h.uses().shared({A: fence(failed=False)}), SHARED),
    Shape("one good token, one dead", "openclaw#79685", S, lambda h: h.uses().shared({A: h.token(-HOUR), B: h.token(90 * DAY)}), SHARED),
    Shape("a dead token that nothing uses", "openclaw#79685", H, lambda h: h.uses().shared({B: h.token(90 * DAY), "openai:old": h.token(-DAY, "openai")}), SHARED, key="openclaw/main/openai:old"),
    Shape("the only login is rate limited", "openclaw#116464", H, lambda h: h.uses().shared({A: h.token(90 * DAY)}, usageStats={A: {"cooldownUntil": h.ms(4 * MINUTE)}}), SHARED),
    Shape("the only login is out of credit", "openclaw#92444", D, lambda h: h.uses().shared({A: KEY}, usageStats={A: {"disabledUntil": h.ms(5 * HOUR), "disabledReason": "billing"}}), SHARED),
    Shape("an order that names no profile", "openclaw#112203", D, lambda h: h.uses(auth={"order": {"anthropic": []}}).shared({A: h.token(90 * DAY)}), SHARED),
    Shape("saved by an unfinished setup", "openclaw#148195", D, lambda h: h.uses().shared({A: {**KEY, "setup": {"replacement": True, "modelRef": MODEL, "configJson": "{}"}}}), SHARED),
    Shape("the old file beside the database", "openclaw#134608", D, lambda h: (h.uses().shared({A: h.token(90 * DAY)}), h.json({A: h.token(-DAY)})), SHARED, key=""),
    Shape("logins left behind by the migration", "openclaw#100067", D, stranded, SHARED, key=""),
    Shape("a database cell is not JSON", "openclaw#135581", U, lambda h: h.uses().shared("{"), SHARED, key=""),
    Shape("a good key, but its runtime is missing", "openclaw#110439", U, lambda h: h.uses("openai/gpt-6").shared({"openai:me": {**KEY, "provider": "openai"}}), SHARED, key="openclaw/main/openai:me"),
    Shape("a dead token that the config does not declare", "openclaw#41634", H, lambda h: h.uses(auth=DECLARED).json({A: h.token(-HOUR), B: KEY}), JSON),
    Shape("a dead token that the config does not declare", "openclaw#41634", H, lambda h: h.uses(auth=DECLARED, meta=NEWEST).shared({A: h.token(-HOUR), B: KEY}), SHARED),
    Shape("the only key refers to a variable that is not set", "pinchy#182", D, lambda h: h.uses(env={"vars": {"ANTHROPIC_API_KEY": "${UNSET_KEY}"}}, meta=NEWEST).shared({}), SHARED, key="openclaw/main/anthropic:-"),
)  # fmt: skip
