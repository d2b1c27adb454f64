package servicenow

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// Bounds on one record. Without them a single stray quote would make the rest
// of a huge file one field.
const (
	maxLine   = 1 << 20 // bytes
	maxJoined = 50      // lines that one quoted field may span
)

// lineReader cuts a file into CSV records (RFC 4180) line by line, so that a
// broken record costs its own line and no other.
type lineReader struct {
	r    *bufio.Reader
	line int    // number of the line handed out last
	back []read // lines taken for a record that then did not end
}

// read is what reading one line gave.
type read struct {
	text string
	err  error
}

// record gives the next record and the number of its first line; a *LineError
// for one that is broken, io.EOF after the last. Empty lines are passed over.
func (l *lineReader) record() (int, []string, error) {
	for {
		text, err := l.next()
		if err != nil {
			return l.line, nil, err
		}
		at := l.line
		if text == "" {
			continue
		}
		if !strings.ContainsRune(text, '"') {
			return at, strings.Split(text, ","), nil
		}
		record, err := l.quoted(text)
		return at, record, err
	}
}

// quoted parses a record with quotes, which may go on over the following lines.
func (l *lineReader) quoted(text string) ([]string, error) {
	at := l.line
	var taken []read
	whole := text
	for {
		record, err := csv.NewReader(strings.NewReader(whole)).Read()
		if err == nil {
			return record, nil
		}
		open := errors.Is(err, csv.ErrQuote) && strings.Count(whole, `"`)%2 == 1
		if open && len(taken) < maxJoined && len(whole) < maxLine {
			next, nextErr := l.next()
			if !errors.Is(nextErr, io.EOF) {
				taken = append(taken, read{next, nextErr})
			}
			if nextErr == nil {
				whole += "\n" + next
				continue
			}
		}
		l.back = append(taken, l.back...)
		l.line = at
		return nil, &LineError{at, "the quotes of this line do not match"}
	}
}

// next gives one line without its end.
func (l *lineReader) next() (string, error) {
	l.line++
	if len(l.back) > 0 {
		first := l.back[0]
		l.back = l.back[1:]
		return first.text, first.err
	}
	var b strings.Builder
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if b.Len()+len(part) > maxLine {
			long = true
		} else {
			b.Write(part)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && b.Len() == 0 && !long:
			return "", io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return "", err
		}
		if long {
			return "", &LineError{l.line, "this line is longer than a megabyte"}
		}
		return strings.TrimRight(b.String(), "\r\n"), nil
	}
}
