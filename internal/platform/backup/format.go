package backup

import (
	"fmt"
	"path"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// formatVersion is raised when an older program could not read the archive.
const formatVersion = 1

const (
	manifestName = "manifest.json"
	sumsName     = "sums.json"
	blobFolder   = "blobs/"
)

// Manifest says what an archive holds.
type Manifest struct {
	Format  int             `json:"format"`
	Product string          `json:"product"` // version of the program that wrote it
	Engine  database.Engine `json:"engine"`  // where it came from; of no consequence
	Made    time.Time       `json:"made"`
	Steps   []int64         `json:"steps"` // the migrations the schema had taken
	Tables  []Table         `json:"tables"`
}

// Table is a table of an archive.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column of a Table; rows hold the values in the columns' order.
type Column struct {
	Name string              `json:"name"`
	Type database.ColumnType `json:"type"` // integer, real, text or blob
}

// Sums is what an archive must add up to.
type Sums struct {
	Tables map[string]TableSum `json:"tables"`
	Blobs  BlobSum             `json:"blobs"`
}

// TableSum counts the rows of a table and names the hash of each of its parts.
type TableSum struct {
	Rows  int64    `json:"rows"`
	Parts []string `json:"parts"` // SHA-256, hexadecimal
}

// BlobSum counts the files.
type BlobSum struct {
	Files   int64    `json:"files"`
	Bytes   int64    `json:"bytes"`
	Damaged []string `json:"damaged,omitempty"` // files whose content no longer was what their name says
}

// Rows is the number of rows of all tables.
func (s Sums) Rows() int64 {
	var n int64
	for _, t := range s.Tables {
		n += t.Rows
	}
	return n
}

func partName(table string, part int) string {
	return fmt.Sprintf("tables/%s/%05d.ndjson", table, part)
}

// matches reports whether a table is among the patterns (as in path.Match).
func matches(table string, patterns []string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, table); err == nil && ok {
			return true
		}
	}
	return false
}
