// Package pulse merges bursts of "please do it again" into few doings.
//
// A pulse beats at once when it was quiet, never runs twice at a time, and
// beats at most once per gap while it is asked again and again. Every request is
// followed by a run that started after it, so nothing asked for is forgotten.
package pulse

import (
	"context"
	"sync"
	"time"
)

// Pulse runs one function on request. All methods are safe for concurrent use.
type Pulse struct {
	do     func(ctx context.Context)
	gap    time.Duration
	ctx    context.Context
	cancel context.CancelFunc
	runs   sync.WaitGroup

	mu      sync.Mutex
	running bool
	again   bool
	stopped bool
}

// New makes a pulse that calls do with a context that ends with Stop. Between
// the end of one run and the start of the next lie at least gap.
func New(gap time.Duration, do func(ctx context.Context)) *Pulse {
	p := &Pulse{do: do, gap: gap}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Beat asks for a run and returns at once. After Stop it does nothing.
func (p *Pulse) Beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped:
	case p.running:
		p.again = true
	default:
		p.running = true
		p.runs.Add(1)
		go p.run()
	}
}

func (p *Pulse) run() {
	defer p.runs.Done()
	for {
		p.do(p.ctx)
		if p.gap > 0 {
			wait := time.NewTimer(p.gap)
			select {
			case <-wait.C:
			case <-p.ctx.Done():
				wait.Stop()
			}
		}
		p.mu.Lock()
		if !p.again || p.stopped {
			p.running = false
			p.mu.Unlock()
			return
		}
		p.again = false
		p.mu.Unlock()
	}
}

// Stop ends the pulse: a run under way is cancelled and waited for, a run that
// was asked for but has not begun is dropped.
func (p *Pulse) Stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.cancel()
	p.runs.Wait()
}
