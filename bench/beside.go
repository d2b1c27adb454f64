package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/steward-itsm/steward/bench/peers"
)

// besideCount is the size of data set at which peers take part.
const besideCount = 100_000

// peersEdition names what peers are filled with; raise it when that changes.
const peersEdition = 1

// rival is a peer at work on its copy of the data set.
type rival struct {
	name     string
	server   peers.Server
	sessions []peers.Session // one for each client: sessions may lock
	pids     processes
	count    int // tickets
}

// asked gives the peers that a run is asked for and that are installed.
func (o *options) asked() []peers.Peer {
	var out []peers.Peer
	for _, p := range peers.All() {
		if slices.Contains(o.peers, p.Name()) && len(peers.Missing(p)) == 0 {
			out = append(out, p)
		}
	}
	return out
}

// beside tells whether peers take part at a size.
func (o *options) beside(s size) bool { return s.count == besideCount && len(o.asked()) > 0 }

func (o *options) site(c *cluster) *peers.Site {
	return &peers.Site{Dir: filepath.Join(o.cache, "peers"), Port: c.port, Query: c.query}
}

// peer gives the name of a peer's database, filling it with Steward's data set
// first if need be.
func (c *cache) peer(ctx context.Context, o *options, p peers.Peer, s size) (_ string, err error) {
	name := fmt.Sprintf("%s_%s_%d", strings.ReplaceAll(p.Name(), "-", "_"), s.name, peersEdition)
	have, err := c.cluster.databases()
	if err != nil || have[name] {
		return name, err
	}
	from, err := c.postgres(ctx, s)
	if err != nil {
		return "", err
	}
	c.say("filling %s with %s tickets", p.Name(), s.name)
	site := o.site(c.cluster)
	sample, err := peers.Export(site, from)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, sample.Remove()) }()
	making := name + "_making"
	if err := errors.Join(c.cluster.sql("DROP DATABASE IF EXISTS "+making+" WITH (FORCE)"), c.cluster.sql("CREATE DATABASE "+making)); err != nil {
		return "", err
	}
	if err := p.Fill(ctx, site, making, sample); err != nil {
		return "", fmt.Errorf("filling %s: %w", p.Name(), err)
	}
	return name, c.cluster.sql("ALTER DATABASE " + making + " RENAME TO " + name)
}

// stagePeers starts the peers on working copies and proves that each answers what
// it will be asked.
func (st *stage) stagePeers(ctx context.Context, o *options, c *cache) error {
	database, err := c.cluster.pid()
	if err != nil {
		return err
	}
	for _, p := range o.asked() {
		from, err := c.peer(ctx, o, p, st.size)
		if err != nil {
			return err
		}
		// By force: a server of a run that was killed may still be there.
		working := strings.ReplaceAll(p.Name(), "-", "_") + "_working"
		if err := errors.Join(c.cluster.sql("DROP DATABASE IF EXISTS "+working+" WITH (FORCE)"), c.cluster.sql("CREATE DATABASE "+working+" TEMPLATE "+from)); err != nil {
			return err
		}
		st.cleanups = append(st.cleanups, func() error { return c.cluster.sql("DROP DATABASE IF EXISTS " + working + " WITH (FORCE)") })
		if err := st.startPeer(ctx, o, c, p, working, database); err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
	}
	return nil
}

func (st *stage) startPeer(ctx context.Context, o *options, c *cache, p peers.Peer, database string, postmaster int) error {
	say("starting %s", p.Name())
	server, err := p.Start(ctx, o.site(c.cluster), database)
	if err != nil {
		return err
	}
	st.cleanups = append(st.cleanups, server.Stop)
	v := &rival{name: p.Name(), server: server, count: st.size.count, pids: processes{server: []int{server.Process()}, database: []int{postmaster}}}
	// At once, so that every process of its is there and has loaded what it takes.
	v.sessions = make([]peers.Session, slices.Max(o.clients))
	problems := make([]error, len(v.sessions))
	var all sync.WaitGroup
	for i := range v.sessions {
		all.Go(func() { v.sessions[i], problems[i] = server.SignIn(ctx) })
	}
	all.Wait()
	if err := errors.Join(problems...); err != nil {
		return err
	}
	for i := range v.sessions {
		all.Go(func() { problems[i] = v.prove(i) })
	}
	all.Wait()
	st.rivals = append(st.rivals, v)
	return errors.Join(problems...)
}

// shared are the operations that peers have as well: what they are asked for.
var shared = map[string]func(s peers.Session, v *rival, rng *rand.Rand) peers.Request{
	opCreate: func(s peers.Session, _ *rival, rng *rand.Rand) peers.Request {
		return s.Create("The "+things[rng.IntN(len(things))]+" "+troubles[rng.IntN(len(troubles))], prose(rng, 40), 1+rng.IntN(serviceCount))
	},
	opRead: func(s peers.Session, v *rival, rng *rand.Rand) peers.Request { return s.Read(v.any(rng)) },
	opComment: func(s peers.Session, v *rival, rng *rand.Rand) peers.Request {
		return s.Reply(v.any(rng), prose(rng, 30))
	},
	opQueue: func(s peers.Session, _ *rival, _ *rand.Rand) peers.Request { return s.List() },
	opFiltered: func(s peers.Session, _ *rival, rng *rand.Rand) peers.Request {
		return s.Filtered(1 + rng.IntN(serviceCount))
	},
	opTicket: func(s peers.Session, v *rival, rng *rand.Rand) peers.Request { return s.Ticket(v.any(rng)) },
	opSearch: func(s peers.Session, v *rival, rng *rand.Rand) peers.Request {
		return s.Search(searchFor(&world{count: v.count}, rng))
	},
}

func (v *rival) any(rng *rand.Rand) int { return 1 + rng.IntN(v.count) }

// bytes puts a request together.
func (v *rival) bytes(r peers.Request, headers ...string) []byte {
	return request(r.Method, r.Path, v.server.Address(), r.Body, append(slices.Clone(r.Headers), headers...)...)
}

// prove asks for everything a few times and reads the answers: a page that says
// that it found nothing, or asks to sign in, would be a fast one. When every client
// does so at once, every process has done everything before it is measured.
func (v *rival) prove(n int) error {
	const times = 4
	w := dial(v.server.Address())
	defer w.close()
	rng := rand.New(rand.NewPCG(6, uint64(n)))
	for name, ask := range shared {
		for i := range times {
			r := ask(v.sessions[n], v, rng)
			if name == opSearch { // by words that no engine leaves out
				r = v.sessions[n].Search([]string{"printer morning", fmt.Sprintf("ref%d", v.any(rng)-1)}[i%2])
			}
			a, err := w.do(v.bytes(r))
			if err != nil {
				return err
			}
			if a.status != r.Status || !bytes.Contains(a.body, []byte(r.Shows)) {
				return fmt.Errorf("%w: %s (%s %s) was answered with %d and without %q: %.300s", errUnexpected, name, r.Method, r.Path, a.status, r.Shows, a.body)
			}
		}
	}
	return nil
}

// visitor does an operation at a peer again and again over one connection.
type visitor struct {
	v       *rival
	o       *operation
	session peers.Session
	wire    *wire
}

func (u *visitor) do(rng *rand.Rand) (int64, error) {
	r := shared[u.o.name](u.session, u.v, rng)
	var headers []string
	if u.o.page {
		headers = []string{"Accept-Encoding", "gzip, deflate, br"}
	}
	a, err := u.wire.do(u.v.bytes(r, headers...))
	if err != nil {
		return 0, err
	}
	if a.status != r.Status {
		return a.size, fmt.Errorf("%w: %s was answered with %d %.300s", errUnexpected, u.o.name, a.status, a.body)
	}
	return a.size, nil
}

func (u *visitor) close() { u.wire.close() }

func (v *rival) contender(o *operation) *contender {
	return &contender{name: v.name, meter: v.pids, client: func(n int) (client, error) {
		return &visitor{v, o, v.sessions[n], dial(v.server.Address())}, nil
	}}
}

func peerNames() []string {
	var names []string
	for _, p := range peers.All() {
		names = append(names, p.Name())
	}
	return names
}
