package peers

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Sample is Steward's data set, in files that PostgreSQL reads.
type Sample struct{ dir string }

//go:embed sample_tables.sql
var sampleTables string

// sampleQueries ask Steward's database for what peers are filled with. Tickets are
// numbered from 1 in the order in which they were opened, people from 0.
var sampleQueries = map[string]string{
	"people": `SELECT source_ref::int, name, email, source_ref::int < 160 FROM persons WHERE source = 'bench'`,
	"tickets": `SELECT t.source_ref::int, t.kind, t.title, t.description, t.state, t.priority, s.source_ref::int + 1, r.source_ref::int, a.source_ref::int,
		date_trunc('second', to_timestamp(t.created_at / 1e6) AT TIME ZONE 'UTC'), date_trunc('second', to_timestamp(t.updated_at / 1e6) AT TIME ZONE 'UTC'),
		date_trunc('second', to_timestamp(t.resolved_at / 1e6) AT TIME ZONE 'UTC')
		FROM tickets t JOIN services s ON s.id = t.service_id JOIN persons r ON r.id = t.requester_id LEFT JOIN persons a ON a.id = t.assignee_id
		WHERE t.source = 'bench'`,
	"entries": `SELECT t.source_ref::int, e.seq, date_trunc('second', to_timestamp(e.at / 1e6) AT TIME ZONE 'UTC'), p.source_ref::int, e.type, e.internal, e.body,
		(SELECT c ->> 'a' FROM jsonb_array_elements(e.changes) c WHERE c ->> 'f' = 'state'),
		(SELECT c ->> 'b' FROM jsonb_array_elements(e.changes) c WHERE c ->> 'f' = 'state'),
		(SELECT q.source_ref::int FROM jsonb_array_elements(e.changes) c JOIN persons q ON q.id = (c ->> 'b')::bigint WHERE c ->> 'f' = 'assignee')
		FROM ticket_events e JOIN tickets t ON t.id = e.ticket_id LEFT JOIN persons p ON p.id = e.actor_id
		WHERE t.source = 'bench'`,
}

// Export reads a database of Steward's into files. Remove them when every peer is
// filled.
func Export(site *Site, database string) (*Sample, error) {
	s := &Sample{filepath.Join(site.Dir, "sample")}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	for name, query := range sampleQueries {
		if _, err := site.Query(database, s.copy("("+query+")", "TO", name)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// copy is psql's command, which takes one line.
func (s *Sample) copy(what, direction, name string) string {
	return fmt.Sprintf("\\copy %s %s '%s'\n", strings.Join(strings.Fields(what), " "), direction, filepath.Join(s.dir, name))
}

// load gives what puts the sample into a schema of that name, runs statements
// that turn it into a peer's own rows, and takes it away again.
func (s *Sample) load(statements string) string {
	var b strings.Builder
	b.WriteString("SET client_min_messages = warning;\nSET TimeZone = 'UTC';\nSET work_mem = '256MB';\nSET maintenance_work_mem = '512MB';\n")
	b.WriteString(sampleTables)
	for name := range sampleQueries {
		b.WriteString(s.copy("sample."+name, "FROM", name))
	}
	b.WriteString("ANALYZE sample.people;\nANALYZE sample.tickets;\nANALYZE sample.entries;\n")
	b.WriteString("BEGIN;\n" + statements + "\nCOMMIT;\nDROP SCHEMA sample CASCADE;\nVACUUM ANALYZE;\n")
	return b.String()
}

// Remove takes the files away.
func (s *Sample) Remove() error { return os.RemoveAll(s.dir) }
