package servicenow

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Subject is the type of record that notices of finished imports are about.
const Subject = "import"

// Notices tells people what concerns them.
type Notices interface {
	GuardSubjects(subjectType string, g notify.Guard)
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
}

// Actors gives persons with what they may do now.
type Actors interface {
	Person(ctx context.Context, id int64) (actors.Person, error)
}

// Telling is what it takes to tell people in their own language.
type Telling struct {
	Notices Notices
	Actors  Actors
	Reading func(ctx context.Context, p actors.Person) context.Context
}

// end writes down how an attempt ended. When there will be no other one, whoever
// started the run is told with it: of an attempt that is repeated nobody hears.
func (r *Runs) end(ctx context.Context, run RunRecord, failure error, last bool) error {
	if !last {
		return r.store(ctx, run)
	}
	starter, err := r.tell.Actors.Person(ctx, run.PersonID)
	gone := apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden) || apperr.Is(err, apperr.Unauthenticated)
	if err != nil && !gone {
		return err
	}
	return r.importer.DB.Write(ctx, func(tx *database.Tx) error {
		if err := r.write(ctx, tx, run); err != nil || gone {
			return err
		}
		return r.tell.Notices.Send(ctx, tx, notify.Notice{
			To: run.PersonID, Kind: notify.Finished, Reason: notify.AsStarter, At: run.FinishedAt,
			Subject: notify.Subject{Type: Subject, ID: run.ID, Title: run.FileName, URL: address(run.ID)},
			Detail:  ended(r.tell.Reading(access.With(ctx, starter.Actor), starter), &run, failure),
		})
	})
}

// ended says in a sentence or two how a run ended, in the language of the reader.
func ended(ctx context.Context, run *RunRecord, failure error) string {
	rep := &run.Report
	if failure != nil {
		return text.N(ctx, rep.Incidents, "The import failed after %d incident: %s", "The import failed after %d incidents: %s", apperr.Message(failure).In(ctx))
	}
	said := text.N(ctx, rep.Incidents, "The import is done: %d incident, %s new, %s extended, %s as it was.", "The import is done: %d incidents, %s new, %s extended, %s as they were.",
		text.Number(ctx, int64(rep.Created)), text.Number(ctx, int64(rep.Extended)), text.Number(ctx, int64(rep.Known+rep.Diverged)))
	if rep.Skipped > 0 {
		said += " " + text.N(ctx, rep.Skipped, "%d line could not be read.", "%d lines could not be read.")
	}
	return said
}
