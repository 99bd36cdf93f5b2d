"""The YAML file and the frozen settings it turns into."""
