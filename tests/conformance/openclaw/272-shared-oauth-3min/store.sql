CREATE TABLE IF NOT EXISTS config_machine_state (state_key TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL, updated_at_ms INTEGER NOT NULL) STRICT;
INSERT OR REPLACE INTO config_machine_state VALUES('auth.sharedStore','{"location":"state-db"}',{{now-60000}});
INSERT OR REPLACE INTO config_machine_state VALUES('authProfiles.store','{"version": 1, "profiles": {"anthropic:o": {"type": "oauth", "provider": "anthropic", "access": "FAKE-access", "refresh": "FAKE-refresh", "expires": {{now+180000}}}}}',{{now-60000}});
