"""How large a catalog must be: growing catalogs, pictures described by each, the knee and what it costs."""
