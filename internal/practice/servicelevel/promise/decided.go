package promise

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
)

// settleFor bounds how long Settle computes.
const settleFor = 5 * time.Second

// Settle brings what is kept of clocks up to date, and reports whether it is: not
// while a change of what is promised is still being computed for all tickets.
func (s *Service) Settle(ctx context.Context) (bool, error) {
	if err := s.Keep(ctx, settleFor); err != nil {
		return false, err
	}
	_, sweeping, err := readSweep(ctx, s.d.DB.Reader())
	if err != nil || sweeping {
		return false, err
	}
	// Of what happens at this moment some is always noted; more than one taking is not this moment.
	notes, err := readNotes(ctx, s.d.DB.Reader())
	if err != nil || len(notes) >= takeNotes {
		return false, err
	}
	overdue, err := readOverdue(ctx, s.d.DB.Reader(), s.now().Add(-time.Minute), 1)
	return err == nil && len(overdue) == 0, err
}

// Decided gives what was decided of promises to a customer, in a fixed order. It asks
// for no permission.
func (s *Service) Decided(ctx context.Context, q clock.Decisions) ([]clock.Decision, error) {
	return readDecided(ctx, s.d.DB.Reader(), q)
}

// Covering gives the agreement with a customer that each of some tickets is under.
// It asks for no permission.
func (s *Service) Covering(ctx context.Context, tickets []int64) (map[int64]int64, error) {
	return readCovering(ctx, s.d.DB.Reader(), tickets)
}

// maxRisks bounds what is listed for one requester.
const maxRisks = 50

// AtRisk gives the promises of agreements on tickets that somebody asked for which
// are likely to break, or broken and still open, the most urgent first. It says
// nothing of why. It asks for no permission.
func (s *Service) AtRisk(ctx context.Context, requester int64, agreements []int64) ([]clock.Risk, error) {
	return readRisks(ctx, s.d.DB.Reader(), requester, agreements, maxRisks)
}
