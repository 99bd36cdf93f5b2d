CREATE TABLE IF NOT EXISTS auth_profile_store (store_key TEXT NOT NULL PRIMARY KEY, store_json TEXT NOT NULL, updated_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS auth_profile_state (state_key TEXT NOT NULL PRIMARY KEY, state_json TEXT NOT NULL, updated_at INTEGER NOT NULL);
INSERT OR REPLACE INTO auth_profile_store VALUES('primary','{"version": 1, "profiles": {"anthropic:default": {"type": "oauth", "provider": "anthropic", "access": "FAKE-access", "refresh": "FAKE-refresh", "expires": {{now-3600000}}, "email": "me@x.y"}}}',{{now-60000}});
