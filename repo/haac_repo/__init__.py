"""Elements under short ids: catalog, packs, log, publishing, mirrors."""
