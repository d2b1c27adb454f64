package servicenow

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Row is one saved state of an incident. Unknown values ("?") are "".
type Row struct {
	Line      int
	Number    string
	State     string // as written: "Awaiting User Info"
	Saves     int    // sys_mod_count
	Reassigns int    // what the source had counted
	Reopens   int
	Opened    time.Time
	Saved     time.Time // sys_updated_at
	SavedBy   string
	Caller    string
	OpenedBy  string
	Contact   string
	Location  string
	Category  string
	Sub       string
	Symptom   string
	CI        string
	Impact    int
	Urgency   int
	Priority  int
	Group     string
	Assignee  string
	Knowledge string
	Problem   string
	Change    string // rfc
	Vendor    string
	CausedBy  string
	MadeSLA   string
	Code      string // closed_code; the export repeats the final one on every line
	Resolver  string // resolved_by, likewise
}

// LineError is a line that could not be read.
type LineError struct {
	Line int
	Text string
}

// Error says where and what.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// logReader reads rows one by one.
type logReader struct {
	lines  lineReader
	zone   *time.Location
	column map[string]int
}

// required columns; the others may be missing from an export.
var required = []string{"number", "incident_state", "sys_updated_at", "opened_at", "sys_mod_count"}

// newLogReader reads the header. Times of the file are in zone.
func newLogReader(r io.Reader, zone *time.Location) (*logReader, error) {
	l := &logReader{lines: lineReader{r: bufio.NewReaderSize(r, 64<<10)}, zone: zone, column: map[string]int{}}
	_, header, err := l.lines.record()
	if errors.Is(err, io.EOF) {
		return nil, apperr.New(apperr.Invalid, "The file is empty.")
	}
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Invalid, "The file is not a comma-separated log.")
	}
	for i, name := range header {
		l.column[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	for _, name := range required {
		if _, ok := l.column[name]; !ok {
			return nil, apperr.New(apperr.Invalid, "The file has no column %q; this does not look like a ServiceNow incident log.", name)
		}
	}
	return l, nil
}

// Next gives the next row, a *LineError for a line that cannot be read (the
// next call goes on after it), or io.EOF.
func (l *logReader) Next() (Row, error) {
	line, record, err := l.lines.record()
	if err != nil {
		return Row{}, err
	}
	if len(record) != len(l.column) {
		return Row{}, &LineError{line, fmt.Sprintf("%d columns instead of %d", len(record), len(l.column))}
	}
	return l.parse(line, record)
}

func (l *logReader) parse(line int, record []string) (Row, error) {
	var problems []string
	get := func(name string) string {
		i, ok := l.column[name]
		if !ok {
			return ""
		}
		v := strings.Join(strings.Fields(record[i]), " ")
		if v == "?" {
			return ""
		}
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			problems = append(problems, name+" is not valid UTF-8")
			return ""
		}
		return v
	}
	count := func(name string) int {
		v := get(name)
		if v == "" {
			return 0
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			problems = append(problems, fmt.Sprintf("%s is %q, not a number", name, v))
		}
		return n
	}
	instant := func(name string) time.Time {
		v := get(name)
		if v == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation("2/1/2006 15:04", v, l.zone)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s is %q, not a time such as 29/2/2016 01:16", name, v))
		}
		return t
	}
	level := func(name string) int {
		v := get(name)
		if v == "" {
			return 0
		}
		n, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(v, "-", 2)[0]))
		if err != nil || n < 1 || n > 5 {
			problems = append(problems, fmt.Sprintf("%s is %q", name, v))
		}
		return n
	}
	row := Row{
		Line: line, Number: get("number"), State: get("incident_state"), Saves: count("sys_mod_count"),
		Reassigns: count("reassignment_count"), Reopens: count("reopen_count"),
		Opened: instant("opened_at"), Saved: instant("sys_updated_at"), SavedBy: get("sys_updated_by"),
		Caller: get("caller_id"), OpenedBy: get("opened_by"), Contact: get("contact_type"), Location: get("location"),
		Category: get("category"), Sub: get("subcategory"), Symptom: get("u_symptom"), CI: get("cmdb_ci"),
		Impact: level("impact"), Urgency: level("urgency"), Priority: level("priority"),
		Group: get("assignment_group"), Assignee: get("assigned_to"), Knowledge: get("knowledge"),
		Problem: get("problem_id"), Change: get("rfc"), Vendor: get("vendor"), CausedBy: get("caused_by"),
		MadeSLA: get("made_sla"), Code: get("closed_code"), Resolver: get("resolved_by"),
	}
	if row.Number == "" {
		problems = append(problems, "there is no incident number")
	}
	if row.Saved.IsZero() && len(problems) == 0 {
		problems = append(problems, "there is no time of the save")
	}
	if len(problems) > 0 {
		return Row{}, &LineError{line, strings.Join(problems, "; ")}
	}
	return row, nil
}

// incidentReader groups adjacent rows of one number.
type incidentReader struct {
	rows    *logReader
	pending *Row
	done    bool
}

// maxRows bounds the saved states of one incident that are held at once.
const maxRows = 20_000

// Next gives the rows of the next incident in the order they were saved,
// and the lines between that could not be read. io.EOF after the last.
func (in *incidentReader) Next() (rows []Row, bad []*LineError, err error) {
	if in.pending != nil {
		rows = append(rows, *in.pending)
		in.pending = nil
	}
	for !in.done {
		row, err := in.rows.Next()
		var lineErr *LineError
		switch {
		case errors.As(err, &lineErr):
			bad = append(bad, lineErr)
			if len(bad) >= maxRows {
				return order(rows), bad, nil
			}
			continue
		case errors.Is(err, io.EOF):
			in.done = true
			continue
		case err != nil:
			return nil, bad, err
		}
		if len(rows) > 0 && (row.Number != rows[0].Number || len(rows) >= maxRows) {
			in.pending = &row
			return order(rows), bad, nil
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 && len(bad) == 0 {
		return nil, nil, io.EOF
	}
	return order(rows), bad, nil
}

// order sorts by the time of the save. Lines of the same minute keep the order
// of the file, which is the source's own: its counter of saves jumps back where
// two people saved at once.
func order(rows []Row) []Row {
	slices.SortStableFunc(rows, func(a, b Row) int { return a.Saved.Compare(b.Saved) })
	return rows
}
