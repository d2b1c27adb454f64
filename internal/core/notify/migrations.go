package notify

import (
	"embed"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are this room's steps on the timeline of the schema.
var Migrations fs.FS = migrations
