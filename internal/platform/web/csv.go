package web

import (
	"encoding/csv"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// CSVCell makes a value safe for programs that take a cell for a formula. Such
// programs look at the first character, some after dropping blanks before it; an
// apostrophe makes the rest text. Plain numbers are left as they are, so that a
// column can be added up. (OWASP, "CSV injection".)
func CSVCell(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\r' || r == 0 {
			return -1 // a lone carriage return starts a new row for some readers
		}
		return r
	}, s)
	begin := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	if begin == "" {
		return s
	}
	switch []rune(begin)[0] {
	case '=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠':
		if _, err := strconv.ParseFloat(begin, 64); err != nil || begin != s {
			return "'" + s
		}
	}
	if s[0] == '\t' || s[0] == '\n' {
		return "'" + s
	}
	return s
}

// CSV answers with a small table as a file (RFC 4180): the first record is its
// heading. Every cell is made safe by CSVCell.
func CSV(w http.ResponseWriter, name string, records [][]string) error {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, record := range records {
		cells := make([]string, len(record))
		for i, c := range record {
			cells[i] = CSVCell(c)
		}
		if err := out.Write(cells); err != nil {
			return nil // a reader that went away is no error of ours
		}
	}
	out.Flush()
	return nil
}
