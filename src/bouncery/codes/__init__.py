"""The grammar of SMTP replies and enhanced status codes, and their registries."""
