package journeys_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// gate is a network between a browser and the server that can break.
type gate struct {
	url    string
	server string // host and port

	mu     sync.Mutex
	broken bool
	open   map[net.Conn]bool
}

func newGate(t *testing.T, url string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{url: "http://" + l.Addr().String(), server: strings.TrimPrefix(url, "http://"), open: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { g.carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		g.cut()
		serving.Wait()
	})
	return g
}

// carry passes on what both ends say until one of them ends it.
func (g *gate) carry(c net.Conn) {
	defer c.Close()
	if !g.hold(c) {
		return
	}
	s, err := net.Dial("tcp", g.server)
	if err != nil {
		return
	}
	defer s.Close()
	if !g.hold(s) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(s, c); _ = s.Close() })
	both.Go(func() { _, _ = io.Copy(c, s); _ = c.Close() })
	both.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, c)
	delete(g.open, s)
}

// hold remembers a connection; false when the network is broken.
func (g *gate) hold(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.broken {
		return false
	}
	g.open[c] = true
	return true
}

// cut breaks the network: what is open ends, and nothing gets through.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = true
	for c := range g.open {
		_ = c.Close()
	}
}

// mend lets everything through again.
func (g *gate) mend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = false
}
