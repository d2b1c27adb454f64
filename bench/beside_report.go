package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/bench/peers"
)

// targetPeerRate is how many times a peer's rate Steward's shall be.
var targetPeerRate = map[string]float64{"request-tracker": 100, "redmine": 50}

// besideConditions says which peers were measured and how they ran, or why not.
func (o *options) besideConditions(d *document) {
	for _, p := range peers.All() {
		if why := o.without(p); why != "" {
			d.line("- %s was not measured: %s", p.Name(), why)
			continue
		}
		d.line("- %s %s, at 100k tickets, the same ones: %s", p.Name(), peers.Version(p), p.Way())
	}
}

// without tells why a peer is not measured, or nothing when it is.
func (o *options) without(p peers.Peer) string {
	missing := peers.Missing(p)
	switch {
	case !slices.Contains(o.peers, p.Name()):
		return "this run was not asked to"
	case len(missing) > 0:
		return "these packages of Debian's are not installed here: " + strings.Join(missing, ", ")
	case !slices.ContainsFunc(o.sizes, func(s size) bool { return s.count == besideCount }):
		return "peers take part at 100k tickets"
	}
	return ""
}

// compared is one operation of Steward's beside a peer's.
type compared struct {
	operation string
	clients   int
	own, peer figures
	rate, cpu float64 // how many times as fast, and how many times less processor time
}

// spent is the processor time of a request, the database's included.
func spent(f figures) time.Duration { return f.CPU + f.DBCPU }

// compare lists what an engine and a peer were both measured at.
func (r *results) compare(engine, peer string) []compared {
	var out []compared
	for _, m := range r.measured {
		if m.contender != peer {
			continue
		}
		if own, ok := r.find(m.size, m.operation, "steward-"+engine, m.clients); ok {
			out = append(out, compared{
				operation: m.operation, clients: m.clients, own: own, peer: m.figures,
				rate: ratio(own.Rate, m.figures.Rate), cpu: ratio(spent(m.figures).Seconds(), spent(own).Seconds()),
			})
		}
	}
	return out
}

// least gives the one with the lowest value, and how many reach a target.
func least(all []compared, target float64, value func(compared) float64) (lowest compared, met int) {
	for i, c := range all {
		if i == 0 || value(c) < value(lowest) {
			lowest = c
		}
		if value(c) >= target {
			met++
		}
	}
	return lowest, met
}

// besideVerdicts writes a line for each engine and peer: that of the operation at
// which Steward is the least ahead.
func (r *results) besideVerdicts(d *document, o *options) {
	for _, p := range o.asked() {
		for _, engine := range o.engines {
			all := r.compare(engine, p.Name())
			if len(all) == 0 {
				continue
			}
			line := func(what string, target float64, value func(compared) float64) {
				lowest, met := least(all, target, value)
				name := fmt.Sprintf("%s %s, %s, 100k: the lowest is %s with %d clients; %d of %d reach it",
					what, p.Name(), engine, lowest.operation, lowest.clients, met, len(all))
				d.verdict(name, target, value(lowest), true, "%.0f")
			}
			line("times the rate of", targetPeerRate[p.Name()], func(c compared) float64 { return c.rate })
			line("times less processor time a request than", targetPeerCPU, func(c compared) float64 { return c.cpu })
		}
	}
}

// besideTables writes every operation that Steward shares with a peer.
func (r *results) besideTables(d *document, o *options) {
	for _, p := range o.asked() {
		for _, engine := range o.engines {
			all := r.compare(engine, p.Name())
			if len(all) == 0 {
				continue
			}
			d.line("\n## Beside %s, on %s, 100k tickets", p.Name(), engine)
			d.table("operation", "clients", "Steward, per second", p.Name(), "times as fast", "processor time a request", p.Name(), "times less")
			for _, c := range all {
				d.row(c.operation, fmt.Sprint(c.clients), perSecond(c.own.Rate), perSecond(c.peer.Rate), fmt.Sprintf("%.0f", c.rate),
					short(spent(c.own)), short(spent(c.peer)), fmt.Sprintf("%.0f", c.cpu))
			}
		}
	}
}
