"""How a published file gets here: sites, HTTP, versions, download, verification, and the sample that makes its own."""
