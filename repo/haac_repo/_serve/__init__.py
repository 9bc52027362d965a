"""HTTP server for the published files of one repository or mirror."""
