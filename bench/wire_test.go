package main

import (
	"bufio"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }

func TestTheWireReadsWhatServersSend(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/chunked":
			for range 3 {
				_, _ = w.Write([]byte(strings.Repeat("x", 5000)))
				w.(http.Flusher).Flush()
			}
		case "/closing":
			w.Header().Set("Connection", "close")
			_, _ = w.Write([]byte("bye"))
		case "/nothing":
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			w.WriteHeader(http.StatusNoContent)
		default:
			_, _ = w.Write([]byte("hello"))
		}
	}))
	defer server.Close()
	address := server.Listener.Addr().String()
	w := dial(address)
	defer w.close()
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{{"/", 200, "hello"}, {"/chunked", 200, strings.Repeat("x", 15000)}, {"/closing", 200, "bye"}, {"/nothing", 204, ""}, {"/", 200, "hello"}} {
		a, err := w.do(request(http.MethodGet, c.path, address, ""))
		if err != nil || a.status != c.status || string(a.body) != c.body || a.size <= int64(len(c.body)) {
			t.Errorf("%s: %d %.20q (%d bytes), %v", c.path, a.status, a.body, a.size, err)
		}
		if c.path == "/nothing" && len(a.cookies) != 1 {
			t.Errorf("cookies: %v", a.cookies)
		}
	}
}

func TestARequestSurvivesAnIdleConnectionThatWasClosed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(conn)
			if _, err := http.ReadRequest(in); err == nil {
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
			}
			_ = conn.Close()
		}
	}()
	w := dial(l.Addr().String())
	defer w.close()
	for range 3 {
		if a, err := w.do(request(http.MethodGet, "/", "x", "")); err != nil || string(a.body) != "ok" {
			t.Fatalf("%q, %v", a.body, err)
		}
	}
}
