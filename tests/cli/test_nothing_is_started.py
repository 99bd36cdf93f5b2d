"""No helper, hook or command of a watched program is ever started: each of them would leave a mark."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from monitor.sources import SOURCES
from tests.command import authwatch
from tests.openclaw_home import DAY, openclaw, token

PROGRAMS = (
    "claude codex gh aws az gcloud npm git openclaw copilot cursor-agent grok pi kimi qwen gemini hermes wrangler hf op"
    " security secret-tool node bash sh"
).split()


def trapped(home: Path) -> tuple[Path, dict[str, str]]:
    """A home in which every place that may name a command names one that leaves a mark; and the variables for it."""
    marks, bin_ = home / "marks", home / "bin"
    marks.mkdir()
    bin_.mkdir()
    trap = bin_ / "trap"
    for path in (trap, *(bin_ / name for name in PROGRAMS)):
        path.write_text(f"#!{'/bin/sh'}\ntouch {marks}/{path.name}\necho sk-FAKESECRET\n")
        path.chmod(0o755)
    command = str(trap)
    hooks = {"SessionStart": [{"hooks": [{"type": "command", "command": command}]}]}
    settings = {"apiKeyHelper": command, "awsAuthRefresh": command, "awsCredentialExport": command, "hooks": hooks}
    texts = {
        ".claude/settings.json": json.dumps({**settings, "otelHeadersHelper": command}),
        ".claude/.credentials.json": json.dumps({"claudeAiOauth": {"accessToken": "", "refreshToken": ""}}),
        ".claude.json": json.dumps(
            {"mcpServers": {"x": {"command": command}, "y": {"url": "https://y", "headersHelper": command}}}
        ),
        ".codex/config.toml": f'notify = ["{command}"]\nmodel_provider = "x"\n'
        f'[model_providers.x]\nname = "X"\n[model_providers.x.auth]\ncommand = "{command}"\n[mcp_servers.y]\ncommand = "{command}"\n',
        ".codex/auth.json": json.dumps({"auth_mode": "apikey", "OPENAI_API_KEY": "sk-FAKESECRET"}),
        ".gemini/settings.json": json.dumps(
            {"security": {"auth": {"selectedType": "gemini-api-key"}}, "mcpServers": {"x": {"command": command}}}
        ),
        ".aws/config": f"[default]\ncredential_process = {command}\n[profile x]\ncredential_process = {command}\n",
        ".aws/credentials": f"[y]\ncredential_process = {command}\n",
        ".pi/agent/auth.json": json.dumps({"anthropic": {"type": "api_key", "key": f"!{command}"}}),
        ".grok/config.toml": f'[auth]\ncommand = "{command}"\n',
        ".grok/auth.json": json.dumps({"https://auth.x.ai::1": {"key": "FAKESECRET", "auth_mode": "external"}}),
        ".config/gh/hosts.yml": "github.com:\n    user: me\n",
        ".gitconfig": f"[credential]\n\thelper = {command}\n",
        ".npmrc": "//registry.npmjs.org/:_authToken=${UNSET_TOKEN}\n",
        ".bashrc": f"{command}\n",
        ".profile": f"{command}\n",
        ".hermes/config.yaml": f"model:\n  provider: anthropic\nmcp_servers:\n  x:\n    command: {command}\n",
        ".hermes/.env": f"ANTHROPIC_API_KEY=`{command}`\nOPENAI_API_KEY=$({command})\n",
        ".openclaw/.env": f"OPENAI_API_KEY=$({command})\n",
        ".config/systemd/user/openclaw-gateway.service": f"[Service]\nExecStart={command}\nEnvironmentFile=-{home}/gateway.env\n",
    }
    for name, text in texts.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    reference = {"source": "exec", "provider": "trap", "id": "x"}
    openclaw(
        home,
        {
            "anthropic:default": token(ends_in=2 * DAY),
            "openai:x": {"type": "api_key", "provider": "openai", "keyRef": reference},
        },
    )
    config = home / ".openclaw/openclaw.json"
    stated = json.loads(config.read_text()) if config.exists() else {}
    stated["secrets"] = {"providers": {"trap": {"source": "exec", "command": command}}}
    stated["env"] = {"shellEnv": {"enabled": True}}
    config.write_text(json.dumps(stated))
    return marks, {"PATH": f"{bin_}:{os.environ['PATH']}", "SHELL": command, "EDITOR": command, "BROWSER": command}


@pytest.mark.parametrize(
    "words",
    [("status",), ("check",), ("check", "--json"), ("explain", "claude-code/-/claude-code:apiKeyHelper")],
    ids=" ".join,
)
def test_a_look_starts_nothing_of_what_it_watches(words: tuple[str, ...], tmp_path: Path) -> None:
    marks, env = trapped(tmp_path)
    config = tmp_path / "config.yaml"
    listed = [kind for kind, row in SOURCES.items() if not row.needs]
    config.write_text(f"sources: {json.dumps(listed)}\n")
    config.chmod(0o600)
    done = authwatch(tmp_path, *words, "--config", config, env=env)
    assert "Traceback" not in done.err
    assert "claude-code:apiKeyHelper" in done.out
    assert [one.name for one in marks.iterdir()] == []
