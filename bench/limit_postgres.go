package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// barePostgres asks PostgreSQL by pgbench, with prepared statements.
type barePostgres struct {
	c    *cluster
	name string // of the database
	dir  string // for scripts and logs
	w    *world
}

// prepare makes what the scripts need: numbers for new rows, and a list of tickets
// that pgbench can pick from.
func (b *barePostgres) prepare() error {
	_, err := b.c.query(b.name, `CREATE SEQUENCE IF NOT EXISTS bare_id START 4503599627370496;
		CREATE TABLE IF NOT EXISTS bare_tickets AS SELECT row_number() OVER () - 1 AS n, id FROM (`+someTickets+`) AS picked;
		ALTER TABLE bare_tickets ADD PRIMARY KEY (n); ANALYZE bare_tickets;`)
	return err
}

// script writes an operation's limit for pgbench.
func (b *barePostgres) script(l limit) string {
	var s strings.Builder
	w := b.w
	fmt.Fprintf(&s, "\\set requester %d\n\\set asker %d\n", w.other, w.requester)
	fmt.Fprintf(&s, "\\set incident random(1, %d)\n", w.incidents)
	fmt.Fprintf(&s, "\\set service %d + random(0, %d)\n\\set group %d + random(0, %d)\n", w.services[0], len(w.services)-1, w.groups[0], len(w.groups)-1)
	fmt.Fprintf(&s, "\\set n random(0, %d)\n", len(w.ids)-1)
	if l.writes {
		s.WriteString("BEGIN;\n")
	}
	for i, text := range l.statements {
		// The time of a round's begin would be the same for all of them, and a row that
		// keeps its indexed values is written without its indexes.
		text = strings.ReplaceAll(text, ":now", "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
		text = strings.ReplaceAll(text, ":seq", "nextval('bare_id')")
		text = strings.ReplaceAll(text, ":ticket", "(SELECT id FROM bare_tickets WHERE n = :n)")
		if i == 0 {
			text = strings.Replace(text, ":id", "nextval('bare_id')", 1)
		}
		text = strings.ReplaceAll(text, ":id", "currval('bare_id')")
		text = strings.ReplaceAll(text, "'INC-' || :incident", "'INC-' || :incident::text")
		s.WriteString(strings.Join(strings.Fields(text), " ") + ";\n")
	}
	if l.writes {
		s.WriteString("COMMIT;\n")
	}
	return s.String()
}

// round runs pgbench for a while and reads what each transaction took.
func (b *barePostgres) round(ctx context.Context, l limit, clients int, length time.Duration) (out sample, err error) {
	dir, err := os.MkdirTemp(b.dir, "pgbench-")
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	script := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(script, []byte(b.script(l)), 0o600); err != nil {
		return out, err
	}
	seconds := max(1, int(length.Round(time.Second).Seconds()))
	cmd := exec.CommandContext(ctx, filepath.Join(b.c.bin, "pgbench"), "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)),
		"-T", strconv.Itoa(seconds), "-f", script, "-l", "--log-prefix="+filepath.Join(dir, "log"),
		"-h", "127.0.0.1", "-p", strconv.Itoa(b.c.port), "-U", "postgres", b.name)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return out, fmt.Errorf("pgbench: %w: %.2000s", err, text)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "log*"))
	if err != nil {
		return out, err
	}
	for _, path := range logs {
		lines, err := os.ReadFile(path)
		if err != nil {
			return out, err
		}
		if err := readLatencies(&out, lines); err != nil {
			return out, err
		}
	}
	rate, err := rateOf(string(text))
	if err != nil {
		return out, err
	}
	out.elapsed = time.Duration(float64(len(out.took)) / rate * float64(time.Second))
	return out, nil
}

// readLatencies reads pgbench's log: client, number, microseconds, and more.
func readLatencies(out *sample, lines []byte) error {
	for line := range bytes.Lines(lines) {
		fields := strings.Fields(string(line))
		if len(fields) < 3 {
			return fmt.Errorf("not a line of pgbench's log: %q", line)
		}
		us, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return err
		}
		out.took = append(out.took, time.Duration(us)*time.Microsecond)
	}
	return nil
}

// rateOf reads the rate without the time to connect.
func rateOf(text string) (float64, error) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "tps = "); ok {
			number, _, _ := strings.Cut(rest, " ")
			return strconv.ParseFloat(number, 64)
		}
	}
	return 0, fmt.Errorf("pgbench gave no rate: %.2000s", text)
}

func (b *barePostgres) contender(o *operation) *contender {
	l := limits[o.name]
	return &contender{name: "limit-postgres", meter: processes{}, run: func(ctx context.Context, n int, length time.Duration, _ uint64) (sample, error) {
		return b.round(ctx, l, n, length)
	}}
}
