// Package backup writes a whole installation - records and files - into one
// archive while it is in use, and builds an installation from one. The archive
// says nothing of the engine it came from, so it also moves an installation
// from SQLite to PostgreSQL and back.
//
// An archive is a tar file compressed with zstd:
//
//	manifest.json               what this is: version, migrations, tables and columns
//	tables/NAME/00001.ndjson    rows, one JSON array a line, in parts of a few megabytes
//	blobs/KEY                   attachments, named by their SHA-256
//	sums.json                   row counts and the SHA-256 of every part
//
// Tables come in parts because a tar entry must know its size before its first
// byte: so a table of any size passes through a few megabytes of memory. sums.json
// comes last; an archive without it was cut short.
//
// The records are those of one moment: one read transaction. Files are copied
// after that moment began; a file is stored before a record refers to it, and
// the clean-up of files leaves young ones alone, so each file that a record
// refers to is there.
//
// A restore reads the archive twice: first to verify it whole, before anything
// is touched, then to load it. Afterwards it reads back every table and
// compares. Until it has ended well, the database refuses to serve.
package backup
