"""A laboratory of real mail servers: what they send back is produced here, and what is true of it is known beforehand."""
