"""What each provider answers, by its documentation or by reports of it: (case, status, headers, body, outcome, note)."""

from __future__ import annotations

from typing import Any

from monitor.model import Kind

SECRETS = {
    "anthropic": (Kind.API_KEY, "sk-ant-api03-FAKESECRET"),
    "openai": (Kind.API_KEY, "sk-proj-FAKESECRET"),
    "openrouter": (Kind.API_KEY, "sk-or-v1-FAKESECRET"),
    "google": (Kind.API_KEY, "AIzaFAKESECRET"),
    "groq": (Kind.API_KEY, "gsk_FAKESECRET"),
    "mistral": (Kind.API_KEY, "mFAKESECRET"),
    "xai": (Kind.API_KEY, "xai-FAKESECRET"),
    "deepseek": (Kind.API_KEY, "sk-FAKESECRET"),
    "zai": (Kind.API_KEY, "FAKESECRET.zai"),
    "github": (Kind.TOKEN, "github_pat_FAKESECRET"),
}


def anthropic(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_FAKESECRET"}


def openai(message: str, code: str | None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def google(code: int, message: str, status: str, reason: str = "") -> dict[str, Any]:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    return {"error": {"code": code, "message": message, "status": status, "details": [info] if reason else []}}


def openrouter(**more: Any) -> dict[str, Any]:
    key = {"label": "sk-or-v1-FAKE...SECRET", "limit": 100, "limit_remaining": 74.5, "limit_reset": None, "usage": 25.5}
    return {"data": {**key, "is_free_tier": False, "expires_at": None, **more}}


def xai(**more: Any) -> dict[str, Any]:
    flags = {"api_key_blocked": False, "api_key_disabled": False, "team_blocked": False}
    return {"redacted_api_key": "xai-...SECRET", "name": "mine", "acls": ["api-key:model:*"], **flags, **more}


def zai(percent: float, kind: str = "TOKENS_LIMIT") -> dict[str, Any]:
    limits = [{"type": "TIME_LIMIT", "percentage": 100}, {"type": kind, "unit": 3, "percentage": percent}]
    return {"code": 200, "msg": "Operation successful", "data": {"level": "pro", "limits": limits}, "success": True}


MODELS = {"object": "list", "data": [{"id": "m-1"}, {"id": "error-insufficient_quota-expired"}]}
RATES = {"resources": {"core": {"limit": 5000}}, "rate": {"limit": 5000, "remaining": 4999}}
ENDS = "GitHub_Authentication_Token_Expiration"

VALID: dict[str, Any] = {
    "anthropic": {"data": [{"type": "model", "id": "claude-x"}], "has_more": True, "first_id": "a", "last_id": "a"},
    "openai": MODELS,
    "openrouter": openrouter(),
    "google": {"models": [{"name": "models/gemini-x"}], "nextPageToken": "t"},
    "groq": MODELS,
    "mistral": MODELS,
    "xai": xai(),
    "deepseek": {"is_available": True, "balance_infos": [{"currency": "CNY", "total_balance": "110.00"}]},
    "zai": zai(3),
    "github": RATES,
}

ONLY = "This credential is only authorized for use with Claude Code and cannot be used for other API requests."
SCOPES = "You have insufficient permissions for this operation. Missing scopes: api.model.read. Check FAKESECRET."

CASES: dict[str, list[tuple[str, int, dict[str, str], Any, str, str]]] = {
    "anthropic": [
        ("bad key", 401, {}, anthropic("authentication_error", "invalid x-api-key"), "invalid", ""),
        ("ran out", 401, {}, anthropic("authentication_error", "OAuth token has expired. Please obtain"), "expired", ""),
        ("revoked", 401, {}, anthropic("authentication_error", "OAuth token has been revoked"), "invalid", ""),
        ("no OAuth", 401, {}, anthropic("authentication_error", "OAuth authentication is currently not supported."),
         "forbidden", "not allowed"),
        ("Claude Code only", 400, {}, anthropic("invalid_request_error", ONLY), "valid", "Claude Code only"),
        ("scope", 403, {}, anthropic("permission_error", "does not meet scope requirement"), "forbidden", ""),
        ("credit", 400, {}, anthropic("invalid_request_error", "Your credit balance is too low to access"),
         "out_of_credit", ""),
        ("billing", 402, {}, anthropic("billing_error", "x"), "out_of_credit", ""),
        ("limit", 429, {"retry_after": "9"}, anthropic("rate_limit_error", "x"), "rate_limited", ""),
        ("overload", 529, {}, anthropic("overloaded_error", "Overloaded"), "unreachable", "529"),
    ],
    "openai": [
        ("bad key", 401, {}, openai("Incorrect API key provided: sk-FAKE*****CRET.", "invalid_api_key"), "invalid", ""),
        ("restricted", 401, {}, openai(SCOPES, None), "forbidden", "not allowed"),
        ("restricted", 403, {}, openai(SCOPES, None), "forbidden", "not allowed"),
        ("address", 401, {}, openai("Your IP is not allowed", "ip_not_authorized"), "forbidden", ""),
        ("deactivated", 401, {}, openai("deactivated", "account_deactivated"), "invalid", ""),
        ("country", 403, {}, openai("Country not supported", "unsupported_country_region_territory"), "forbidden", ""),
        ("quota", 429, {}, openai("You exceeded your current quota", "insufficient_quota"), "out_of_credit", ""),
        ("limit", 429, {}, openai("Rate limit reached", "rate_limit_exceeded"), "rate_limited", ""),
    ],
    "openrouter": [
        ("bad key", 401, {}, {"error": {"message": "User not found.", "code": 401}}, "invalid", ""),
        ("bad key in a success", 200, {}, {"error": {"message": "No auth", "code": 401}}, "invalid", ""),
        ("trouble in a success", 200, {}, {"error": {"message": "Bad gateway", "code": 502}}, "unreachable", "502"),
        ("spent", 200, {}, openrouter(limit_remaining=0), "out_of_credit", ""),
        ("overspent", 200, {}, openrouter(limit_remaining=-0.2, limit_reset="daily"), "out_of_credit", "daily"),
        ("no limit", 200, {}, openrouter(limit=None, limit_remaining=None), "valid", ""),
        ("credit", 402, {}, {"error": {"message": "Insufficient credits", "code": 402}}, "out_of_credit", ""),
        ("nonsense", 200, {}, {"data": "FAKESECRET"}, "unreachable", "unexpected answer"),
        ("nonsense within", 200, {}, openrouter(limit_remaining="FAKESECRET", expires_at="FAKESECRET"), "valid", ""),
    ],
    "google": [
        ("bad key", 400, {}, google(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT",
         "API_KEY_INVALID"), "invalid", ""),
        ("ran out", 400, {}, google(400, "API key expired. Please renew the API key.", "INVALID_ARGUMENT",
         "API_KEY_INVALID"), "expired", ""),
        ("leaked", 403, {}, google(403, "Your API key was reported as leaked. Please use another API key.",
         "PERMISSION_DENIED"), "invalid", "in public"),
        ("not enabled", 403, {}, google(403, "Gemini API has not been used", "PERMISSION_DENIED", "SERVICE_DISABLED"),
         "forbidden", ""),
        ("region", 400, {}, google(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"),
         "forbidden", "region"),
        ("malformed", 400, {}, google(400, "Invalid page size", "INVALID_ARGUMENT"), "unreachable", "400"),
        ("limit", 429, {}, google(429, "Resource has been exhausted", "RESOURCE_EXHAUSTED"), "rate_limited", ""),
    ],
    "groq": [
        ("bad key", 401, {}, openai("Invalid API Key", "invalid_api_key"), "invalid", ""),
        ("forbidden", 403, {}, openai("x", "permissions_error"), "forbidden", ""),
    ],
    "mistral": [
        ("bad key", 401, {}, {"detail": "Unauthorized"}, "invalid", ""),
        ("bad key, older", 401, {}, {"message": "Unauthorized", "request_id": "FAKESECRET"}, "invalid", ""),
        ("unpaid", 402, {}, {"detail": "Payment required"}, "out_of_credit", ""),
    ],
    "xai": [
        ("bad key", 400, {}, {"code": "Client specified an invalid argument",
         "error": "Incorrect API key provided: xa***ET. You can obtain an API key from https://console.x.ai."},
         "invalid", ""),
        ("blocked", 200, {}, xai(api_key_blocked=True), "invalid", "key is blocked"),
        ("switched off", 200, {}, xai(api_key_disabled=True), "invalid", "disabled"),
        ("team", 200, {}, xai(team_blocked=True), "invalid", "team"),
        ("other 400", 400, {}, {"code": "x", "error": "Malformed"}, "unreachable", "400"),
        ("forbidden", 403, {}, {"code": "The caller does not have permission", "error": "x"}, "forbidden", ""),
    ],
    "deepseek": [
        ("bad key", 401, {}, openai("Authentication Fails, Your api key: ****CRET is invalid", "invalid_request_error",
         "authentication_error"), "invalid", ""),
        ("spent", 200, {}, {"is_available": False, "balance_infos": [{"currency": "CNY", "total_balance": "0.00"}]},
         "out_of_credit", ""),
        ("unpaid", 402, {}, openai("Insufficient Balance", "invalid_request_error"), "out_of_credit", ""),
    ],
    "zai": [
        ("bad key", 401, {}, {"code": 401, "msg": "token expired or incorrect", "success": False}, "invalid", ""),
        ("bad key in a success", 200, {}, {"code": 401, "msg": "token expired or incorrect"}, "invalid", ""),
        ("no token", 200, {}, {"code": 1001, "msg": "x", "success": False}, "invalid", ""),
        ("ran out", 401, {}, {"error": {"code": "1003", "message": "x"}}, "expired", ""),
        ("no money", 429, {}, {"error": {"code": "1113", "message": "x"}}, "out_of_credit", ""),
        ("plan ended", 429, {}, {"error": {"code": "1309", "message": "x"}}, "out_of_credit", "expired"),
        ("limit", 429, {}, {"error": {"code": "1308", "message": "x"}}, "rate_limited", ""),
        ("used up", 200, {}, zai(100, "CREDIT_LIMIT"), "rate_limited", "used up"),
        ("no plan", 200, {}, {"code": 500, "msg": "当前用户不存在coding plan"}, "forbidden", "coding plan"),
        ("trouble", 502, {}, {"code": 500}, "unreachable", "502"),
    ],
    "github": [
        ("bad token", 401, {}, {"message": "Bad credentials", "status": "401"}, "invalid", ""),
        ("limit", 403, {"X_RateLimit_Remaining": "0"}, {"message": "API rate limit exceeded"}, "rate_limited", ""),
        ("second limit", 403, {"Retry_After": "60"}, {"message": "secondary rate limit"}, "rate_limited", ""),
        ("forbidden", 403, {"X_RateLimit_Remaining": "9"}, {"message": "Resource not accessible"}, "forbidden", ""),
    ],
}  # fmt: skip

#: What any of them may answer, or somebody in between.
ANYWHERE: list[tuple[str, int, dict[str, str], Any, str]] = [
    ("500", 500, {}, {"error": "x"}, "unreachable"),
    ("503", 503, {"Retry_After": "9"}, "", "unreachable"),
    ("529", 529, {}, {"error": {"type": "overloaded_error"}}, "unreachable"),
    ("429 without words", 429, {}, "", "rate_limited"),
    ("captive portal", 200, {}, "<html>Please sign in, FAKESECRET</html>", "unreachable"),
    ("captive portal that refuses", 401, {}, "<html>Please sign in</html>", "unreachable"),
    ("firewall", 403, {}, "<html>Attention required</html>", "unreachable"),
    ("proxy", 407, {}, "Proxy Authentication Required", "unreachable"),
    ("nothing", 200, {}, b"", "unreachable"),
    ("no content", 204, {}, b"", "unreachable"),
    ("a list", 200, {}, [1], "unreachable"),
    ("another object", 200, {}, {"hello": "FAKESECRET"}, "unreachable"),
    ("no UTF-8", 200, {}, b"\xff\xfe{", "unreachable"),
    ("nested", 200, {}, b"[" * 60_000, "unreachable"),
    ("not found", 404, {}, {"message": "Not Found"}, "unreachable"),
    ("301", 301, {"Location": "/elsewhere"}, b"", "unreachable"),
    ("302", 302, {"Location": "http://127.0.0.1:1/"}, b"", "unreachable"),
    ("303", 303, {"Location": "/elsewhere"}, b"", "unreachable"),
    ("307", 307, {"Location": "/elsewhere"}, b"", "unreachable"),
    ("308", 308, {"Location": "/elsewhere"}, b"", "unreachable"),
]
