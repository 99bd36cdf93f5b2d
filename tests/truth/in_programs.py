"""The shapes of other programs' logins: Claude Code, Codex, Gemini CLI, Hermes, opencode, AWS, files, commands."""

from __future__ import annotations

from tests.truth.shape import DAY, HOUR, MINUTE, Home, Shape, Truth

D, E, S, H, U = Truth.DEAD, Truth.ENDING, Truth.SPARE, Truth.HARMLESS, Truth.UNTOLD
CLAUDE, CODEX, GEMINI = "claude-code/-/claude-code:default", "codex/-/codex:chatgpt", "gemini-cli/-/gemini-cli:oauth"
FILE = ".claude/.credentials.json"
EMPTY = {"accessToken": "", "refreshToken": "", "expiresAt": 0}


def claude(name: str, issue: str, truth: Truth, make: object, **more: object) -> Shape:
    return Shape(f"Claude Code: {name}", issue, truth, make, key=CLAUDE, **more)


def codex(h: Home, access: int, identity: int = -1) -> None:
    tokens = {
        "id_token": h.jwt(identity * HOUR),
        "access_token": h.jwt(access * HOUR),
        "refresh_token": "ref-FAKESECRET",
    }
    h.file(".codex/auth.json", {"auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": tokens})


def gemini(h: Home, left: int, **more: object) -> None:
    tokens = {"access_token": "ya29.FAKESECRET", "refresh_token": "1//FAKESECRET", "expiry_date": h.ms(left * HOUR)}
    h.file(".gemini/oauth_creds.json", {**tokens, "token_type": "Bearer", **more})


def hermes(h: Home, **more: object) -> None:
    login = {"id": "a1", "label": "work", "auth_type": "oauth", "access_token": "acc-FAKESECRET"}
    ends = {"refresh_token": "ref-FAKESECRET", "expires_at_ms": h.ms(4 * HOUR)}
    h.file(".hermes/auth.json", {"version": 1, "credential_pool": {"anthropic": [{**login, **ends, **more}]}})


def sso(h: Home, access: int, registration: int) -> None:
    def iso(hours: int) -> str:
        return f"{h.now + hours * HOUR:%Y-%m-%dT%H:%M:%SZ}"

    tokens = {
        "accessToken": "acc-FAKESECRET",
        "refreshToken": "ref-FAKESECRET",
        "clientId": "c",
        "clientSecret": "FAKESECRET",
    }
    ends = {"expiresAt": iso(access), "registrationExpiresAt": iso(registration)}
    h.file(
        f".aws/sso/cache/{'01' * 20}.json",
        {"startUrl": "https://x.awsapps.com/start", "region": "eu-west-1", **tokens, **ends},
    )


def well(h: Home) -> None:
    h.claude(8 * HOUR, 20 * DAY)


def over(h: Home, settings: object) -> None:
    """A login that is over, and settings that have something else serve."""
    h.claude(-12 * DAY, -10 * DAY)
    h.file(".claude/settings.json", settings)


OWN = 'model_provider = "corp"\n[model_providers.corp]\nname = "Corp"\nbase_url = "https://x"\nhttp_headers = { a = "b" }\n'
BEDROCK = {"auth_mode": "bedrockApiKey", "bedrock_api_key": {"api_key": "FAKESECRET", "region": "us-east-1"}}
AWS = "aws/-/aws-sso:https://x.awsapps.com/start"

SHAPES = (
    claude("access for 8 h, login for weeks", "openclaw#95810", H, well),
    claude("access for 90 min, renews itself", "openclaw#95810", H, lambda h: h.claude(90 * MINUTE, 20 * DAY)),
    claude("idle since yesterday", "siteboon/claudecodeui#1209", H, lambda h: h.claude(-31 * HOUR, 20 * DAY)),
    claude("idle, the login has no expiry date", "openclaw#71026", H, lambda h: h.claude(-31 * HOUR, None)),
    claude("tokens emptied", "claude-code#88583", D, lambda h: h.claude(HOUR, 14 * DAY, **EMPTY)),
    claude("tokens emptied at the time limit", "claude-code#76561", D, lambda h: h.claude(HOUR, None, **EMPTY, loginEnded="time_limit")),
    claude("the login expired", "claude-swap#347", D, lambda h: h.claude(-HOUR, -2 * HOUR)),
    claude("the login expired, access is still valid", "claude-swap#347", E, lambda h: h.claude(7 * HOUR, -HOUR)),
    claude("the login expires today", "claude-code#88947", E, lambda h: h.claude(8 * HOUR, 20 * HOUR)),
    claude("a setup-token, expiry null", "openclaw#97996", H, lambda h: h.file(FILE, {"claudeAiOauth": {"accessToken": "sk-ant-oat01-FAKESECRET", "expiresAt": None}})),
    claude("expiry 0 with tokens, written by a broken release", "claude-code#83834", H, lambda h: h.claude(HOUR, 20 * DAY, expiresAt=0)),
    claude("the file is truncated", "claude-code#76561", U, lambda h: h.file(FILE, '{"claudeAiOauth": {"accessTok')),
    claude("logged out, MCP logins remain", "claude-code#90647", D, lambda h: h.file(FILE, {"mcpOAuth": {"x": {"accessToken": "FAKESECRET"}}}), before=((HOUR, well),)),
    claude("the file is gone", "claude-code#81937", D, lambda h: h.gone(FILE), before=((HOUR, well),)),
    claude("the file was replaced by a new login", "openclaw#101254", H, lambda h: h.claude(8 * HOUR, 27 * DAY, accessToken="acc-FAKESECRET-2", refreshToken="ref-FAKESECRET-2"), before=((HOUR, lambda h: h.claude(-HOUR, 2 * HOUR)),)),
    claude("expired, a helper is used", "claude-code#90236", H, lambda h: over(h, {"apiKeyHelper": "get-key"})),
    claude("expired, a gateway's token is used", "claude-code#16238", H, lambda h: over(h, {"env": {"ANTHROPIC_AUTH_TOKEN": "FAKESECRET"}})),
    claude("expired, Bedrock is used", "claude-code#2280", H, lambda h: over(h, {"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}})),
    Shape("Codex: expired, a custom provider is used", "openai/codex#6028", H, lambda h: (codex(h, -700), h.file(".codex/config.toml", OWN)), key=CODEX),
    Shape("Codex: a login for Amazon Bedrock", "openai/codex#27443", U, lambda h: h.file(".codex/auth.json", BEDROCK), key="codex/-/codex:bedrock-api-key"),
    Shape("Gemini CLI: expired, an API key is selected", "zed-industries/zed#60832", H, lambda h: (gemini(h, -1, refresh_token=""), h.file(".gemini/settings.json", {"security": {"auth": {"selectedType": "gemini-api-key"}}}), h.file(".gemini/.env", "GEMINI_API_KEY=FAKESECRET")), key=GEMINI),
    Shape("opencode: an Anthropic login without a plugin for it", "anomalyco/opencode#18265", D, lambda h: h.file(".local/share/opencode/auth.json", {"anthropic": {"type": "oauth", "refresh": "FAKESECRETr", "access": "FAKESECRETa", "expires": h.ms(2 * HOUR)}}), key="opencode/-/opencode:anthropic", config="sources: [opencode]"),
    Shape("Codex: access for days, identity token expired", "caam#86", H, lambda h: codex(h, 200), key=CODEX),
    Shape("Codex: idle for two days", "openai/codex#6498", H, lambda h: codex(h, -48, -300), key=CODEX),
    Shape("Codex: logged out by itself", "openclaw#86215", D, lambda h: h.file(".codex/auth.json", {}), key=CODEX, before=((HOUR, lambda h: codex(h, 200)),)),
    Shape("Codex: tokens emptied", "openai/codex#20092", D, lambda h: h.file(".codex/auth.json", {"auth_mode": "chatgpt", "tokens": {"id_token": "", "access_token": "", "refresh_token": ""}}), key=CODEX),
    Shape("Codex: an API key", "jahwag/clem#273", U, lambda h: h.file(".codex/auth.json", {"OPENAI_API_KEY": "sk-FAKESECRET"}), key="codex/-/codex:apikey"),
    Shape("Gemini CLI: idle, renews itself", "openclaw#78030", H, lambda h: gemini(h, -48), key=GEMINI),
    Shape("Gemini CLI: expired, no refresh token", "gemini-cli#25248", D, lambda h: gemini(h, -1, refresh_token=""), key=GEMINI),
    Shape("Hermes: rejected permanently", "eltmon/overdeck#913", D, lambda h: hermes(h, last_status="dead", last_error_reason="invalid_grant"), key="hermes/-/hermes:anthropic/a1", config="sources: [hermes]"),
    Shape("Hermes: out of quota for half an hour", "hivecommons/hive#5165", H, lambda h: hermes(h, last_status="exhausted", last_error_code=429, last_error_reset_at=h.ms(30 * MINUTE) // 1000), key="hermes/-/hermes:anthropic/a1", config="sources: [hermes]"),
    Shape("opencode: expiry 0 means never", "anomalyco/opencode#40183", H, lambda h: h.file(".local/share/opencode/auth.json", {"github-copilot": {"type": "oauth", "refresh": "ghu_FAKESECRET", "access": "", "expires": 0}}), key="opencode/-/opencode:github-copilot", config="sources: [opencode]"),
    Shape("AWS SSO: access expired, registration still valid", "victorskl/yawsso#92", H, lambda h: sso(h, -2, 900), key=AWS, config="sources: [aws]"),
    Shape("AWS SSO: the registration expired", "aws/aws-toolkit-vscode#3877", D, lambda h: sso(h, -2, -1), key=AWS, config="sources: [aws]"),
    Shape("GitHub CLI: the token is in the keychain", "claude-code#79407", U, lambda h: h.file(".config/gh/hosts.yml", "github.com:\n    user: anna\n    git_protocol: https\n"), key="gh/-/gh:github.com/anna", config="sources: [gh]"),
)  # fmt: skip
