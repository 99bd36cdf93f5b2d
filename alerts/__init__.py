"""Whom to tell, why and until when; knows no credential."""
