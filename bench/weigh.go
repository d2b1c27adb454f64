package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
)

// weight is what a page costs over the wire: with everything it needs that a
// browser does not have yet, and again when it has all of that.
type weight struct {
	size, page string
	cold, warm int64 // bytes, heads included
	files      int   // that a cold browser fetches beside the page
}

var asset = regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`)

// weigh fetches each page as a browser does: the page, then what it names.
func (r *results) weigh(p *product, size string) error {
	w := dial(p.address)
	defer w.close()
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range operations {
		op := &operations[i]
		if !op.page {
			continue
		}
		plain, err := w.do(request(http.MethodGet, pathOf(op.request(p, p.world, rng)), p.address, "", "Cookie", p.cookieOf(op)))
		if err != nil {
			return err
		}
		names := map[string]bool{}
		for _, m := range asset.FindAllSubmatch(plain.body, -1) {
			names[string(m[1])] = true
		}
		packed, err := w.do(op.request(p, p.world, rng))
		if err != nil {
			return err
		}
		if plain.status != http.StatusOK || packed.status != http.StatusOK {
			return fmt.Errorf("the page of %s was answered with %d and %d", op.name, plain.status, packed.status)
		}
		one := weight{size: size, page: op.name, cold: packed.size, warm: packed.size, files: len(names)}
		for name := range names {
			a, err := w.do(p.page(name, p.agent))
			if err != nil {
				return err
			}
			one.cold += a.size
		}
		r.weights = append(r.weights, one)
	}
	return nil
}

func (p *product) cookieOf(op *operation) string {
	if op.name == opRequester {
		return p.asker
	}
	return p.agent
}
