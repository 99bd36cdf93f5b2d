CREATE TABLE IF NOT EXISTS auth_profile_store (store_key TEXT NOT NULL PRIMARY KEY, store_json TEXT NOT NULL, updated_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS auth_profile_state (state_key TEXT NOT NULL PRIMARY KEY, state_json TEXT NOT NULL, updated_at INTEGER NOT NULL);
INSERT OR REPLACE INTO auth_profile_store VALUES('primary','{"version": 1, "profiles": {"anthropic:a": {"type": "token", "provider": "anthropic", "token": "sk-ant-oat01-FAKE-not-a-real-token", "expires": {{now+2592000000}}}, "anthropic:b": {"type": "token", "provider": "anthropic", "token": "sk-ant-oat01-FAKE-not-a-real-token", "expires": {{now-3600000}}}}}',{{now-60000}});
INSERT OR REPLACE INTO auth_profile_state VALUES('primary','{"version": 1, "order": {"anthropic": ["anthropic:b"]}}',{{now-60000}});
