package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// wire is one client's connection. It speaks just enough HTTP/1.1 to send bytes
// that were put together before and to read an answer, because the load generator
// shares the machine with what it measures: Go's own client takes longer for a
// request than some servers do.
type wire struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	body    []byte
}

const answerTime = 60 * time.Second

func dial(address string) *wire { return &wire{address: address} }

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close() // nothing was promised to the server
		w.conn = nil
	}
}

// answer is what came back. The body is good until the next request.
type answer struct {
	status   int
	location string
	cookies  []string
	body     []byte
	size     int64 // of head and body over the wire
}

// errClosed tells that the server closed an idle connection before it read the
// request: nothing happened, and it can be sent again.
var errClosed = errors.New("the connection was closed while idle")

// do sends a request and reads the answer, over a new connection when there is
// none or the server has closed the old one meanwhile.
func (w *wire) do(request []byte) (answer, error) {
	reused := w.conn != nil
	a, err := w.once(request)
	if reused && errors.Is(err, errClosed) {
		a, err = w.once(request)
	}
	if err != nil {
		w.close()
	}
	return a, err
}

func (w *wire) once(request []byte) (answer, error) {
	if w.conn == nil {
		conn, err := net.DialTimeout("tcp", w.address, answerTime)
		if err != nil {
			return answer{}, err
		}
		w.conn, w.in = conn, bufio.NewReaderSize(conn, 64<<10)
	}
	if err := w.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return answer{}, err
	}
	if _, err := w.conn.Write(request); err != nil {
		w.close()
		return answer{}, errors.Join(errClosed, err)
	}
	return w.read()
}

func (w *wire) read() (answer, error) {
	line, err := w.line()
	if err != nil {
		w.close()
		return answer{}, errors.Join(errClosed, err)
	}
	a := answer{size: int64(len(line) + 2)}
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	if a.status, err = strconv.Atoi(code); err != nil {
		return a, fmt.Errorf("not an HTTP answer: %q", line)
	}
	length, chunked, closing := -1, false, version == "HTTP/1.0"
	for {
		if line, err = w.line(); err != nil {
			return a, err
		}
		a.size += int64(len(line) + 2)
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "content-length":
			if length, err = strconv.Atoi(value); err != nil {
				return a, err
			}
		case "transfer-encoding":
			chunked = strings.EqualFold(value, "chunked")
		case "connection":
			closing = strings.EqualFold(value, "close")
		case "location":
			a.location = value
		case "set-cookie":
			a.cookies = append(a.cookies, value)
		}
	}
	if err := w.readBody(&a, length, chunked, closing); err != nil {
		return a, err
	}
	if closing || length < 0 && !chunked {
		w.close()
	}
	return a, nil
}

func (w *wire) readBody(a *answer, length int, chunked, closing bool) error {
	w.body = w.body[:0]
	var err error
	switch {
	case a.status == 204 || a.status == 304:
	case chunked:
		err = w.chunks(a)
	case length >= 0:
		err = w.take(length)
		a.size += int64(length)
	case closing:
		w.body, err = io.ReadAll(w.in)
		a.size += int64(len(w.body))
	}
	a.body = w.body
	return err
}

func (w *wire) chunks(a *answer) error {
	for {
		line, err := w.line()
		if err != nil {
			return err
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil {
			return err
		}
		a.size += int64(len(line)) + n + 4
		if err := w.take(int(n)); err != nil {
			return err
		}
		if _, err := w.line(); err != nil || n == 0 {
			return err
		}
	}
}

// take adds the next n bytes to the body.
func (w *wire) take(n int) error {
	have := len(w.body)
	if cap(w.body) < have+n {
		w.body = append(make([]byte, 0, 2*(have+n)), w.body...)
	}
	w.body = w.body[:have+n]
	_, err := io.ReadFull(w.in, w.body[have:])
	return err
}

func (w *wire) line() (string, error) {
	line, err := w.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// request puts the bytes of a request together; headers come in pairs.
func request(method, path, host, body string, headers ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	for i := 0; i+1 < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1])
	}
	if body != "" || method == "POST" || method == "PUT" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	return []byte(b.String())
}
