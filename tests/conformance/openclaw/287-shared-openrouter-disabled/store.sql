CREATE TABLE IF NOT EXISTS config_machine_state (state_key TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL, updated_at_ms INTEGER NOT NULL) STRICT;
INSERT OR REPLACE INTO config_machine_state VALUES('auth.sharedStore','{"location":"state-db"}',{{now-60000}});
INSERT OR REPLACE INTO config_machine_state VALUES('authProfiles.store','{"version": 1, "profiles": {"openrouter:a": {"type": "api_key", "provider": "openrouter", "key": "FAKE-key"}}}',{{now-60000}});
INSERT OR REPLACE INTO config_machine_state VALUES('authProfiles.state','{"version": 1, "usageStats": {"openrouter:a": {"disabledUntil": {{now+3600000}}, "disabledReason": "billing"}}}',{{now-60000}});
