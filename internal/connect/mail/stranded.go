package mail

import (
	"context"
	"encoding/json"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Strand brings before people what no job looks after any more: a mail or a letter at
// whose last attempt the node itself ended. The mail waits in quarantine, the letter
// among those that failed.
func (s *Service) Strand(ctx context.Context) error {
	ctx = asSystem(ctx)
	for kind, strand := range map[string]func(ctx context.Context, job jobs.Record) error{s.land.Name(): s.strandArrival, s.send.Name(): s.strandLetter} {
		const most = 500 // the newest; others were there in an earlier hour
		dead, err := s.Jobs.Dead(ctx, jobs.DeadQuery{Kind: kind, Limit: most})
		if err != nil {
			return err
		}
		for _, job := range dead {
			if err := strand(ctx, job); err != nil && !apperr.Is(err, apperr.NotFound) {
				return err
			}
		}
	}
	return nil
}

func (s *Service) strandArrival(ctx context.Context, job jobs.Record) error {
	var work landing
	if err := json.Unmarshal(job.Payload, &work); err != nil {
		return err
	}
	a, err := s.arrival(ctx, s.DB.Reader(), work.Arrival)
	if err != nil || a.State != ArrivalStored {
		return err
	}
	if again, err := s.Jobs.Pending(ctx, job); again || err != nil {
		return err // somebody let it out of quarantine since
	}
	a.say("stranded", "")
	return s.end(ctx, &a, ArrivalQuarantined, "refused")
}

func (s *Service) strandLetter(ctx context.Context, job jobs.Record) error {
	var work sending
	if err := json.Unmarshal(job.Payload, &work); err != nil {
		return err
	}
	l, err := s.letter(ctx, s.DB.Reader(), work.Letter)
	if err != nil || l.State != LetterWaiting {
		return err
	}
	if again, err := s.Jobs.Pending(ctx, job); again || err != nil {
		return err // somebody sends it again
	}
	return s.giveUp(ctx, &l, text.T(ctx, "The program ended at every attempt."))
}
