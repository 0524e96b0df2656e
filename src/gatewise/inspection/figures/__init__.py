"""The drawings of an inspection."""
