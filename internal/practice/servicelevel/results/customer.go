package results

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Subject is the type of what notices of published results are about.
const Subject = "results"

// shownMonths is how many months of an agreement customers see.
const shownMonths = 13

// Shown is what an agreement promises to the reader's organisation, as far as it is
// published there.
type Shown struct {
	Agreement    int64
	Organisation int64 // whose figures they are: the reader's, or one above it
	Name         string
	OwnerID      int64 // who is accountable; 0 for nobody
	Terms        clock.Version
	Setting      Setting
	Services     []service.Owned
	Months       []Publication // the newest first, the withdrawn ones that were not published again included
	Told         bool          // the reader is told when results come
}

// mayCome fails for who cannot read anything that is published to customers.
func mayCome(ctx context.Context) error {
	a := access.From(ctx)
	if !a.IsPerson() {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	if err := a.Require(Read, access.AnyKind); err != nil {
		return apperr.New(apperr.Forbidden, "Your roles do not let you read published service levels.")
	}
	return nil
}

// Mine gives what is published to the reader's organisation and those above it, by
// the name of the agreement.
func (s *Service) Mine(ctx context.Context) ([]Shown, error) {
	if err := mayCome(ctx); err != nil {
		return nil, err
	}
	q := s.d.DB.Reader()
	found, err := readShown(ctx, q, access.From(ctx))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	book, err := s.d.Agreements.Book(ctx, q)
	if err != nil {
		return nil, err
	}
	var agreements []int64
	for i := range found {
		agreements = append(agreements, found[i].Agreement)
	}
	agreements = database.Distinct(agreements)
	owners, err := s.d.Agreements.Owners(ctx, q, agreements)
	if err != nil {
		return nil, err
	}
	months, err := readVisible(ctx, q, access.From(ctx), 0, MonthOf(s.now(), time.UTC).Add(-shownMonths))
	if err != nil {
		return nil, err
	}
	out := found[:0]
	for _, x := range found {
		i := slices.IndexFunc(book, func(a clock.Agreement) bool { return a.ID == x.Agreement })
		if i < 0 {
			continue
		}
		x.Name, x.OwnerID, x.Terms = book[i].Name, owners[x.Agreement], latest(&book[i], s.now())
		for _, p := range months {
			if p.Agreement == x.Agreement && p.Organisation == x.Organisation && !supersededIn(months, &p) {
				x.Months = append(x.Months, p)
			}
		}
		out = append(out, x)
	}
	return out, s.withServices(ctx, out)
}

// supersededIn reports whether a withdrawn month was published again.
func supersededIn(all []Publication, p *Publication) bool {
	return p.Withdrawn() && slices.ContainsFunc(all, func(o Publication) bool {
		return o.Agreement == p.Agreement && o.Organisation == p.Organisation && o.Month == p.Month && o.Number > p.Number
	})
}

// withServices adds the services that each agreement names; of one that names none,
// those that its published months counted.
func (s *Service) withServices(ctx context.Context, all []Shown) error {
	wanted := make([][]int64, len(all))
	var every []int64
	for i := range all {
		ids := slices.Clone(all[i].Terms.Services)
		if len(ids) == 0 {
			for _, p := range all[i].Months {
				for _, line := range p.Figures.Services {
					ids = append(ids, line.Service)
				}
			}
		}
		wanted[i] = database.Distinct(ids)
		every = append(every, wanted[i]...)
	}
	owned, err := s.d.Services.Owners(ctx, s.d.DB.Reader(), database.Distinct(every))
	if err != nil {
		return err
	}
	for i := range all {
		for _, o := range owned {
			if slices.Contains(wanted[i], o.ID) && o.Stage != service.Retired {
				all[i].Services = append(all[i].Services, o)
			}
		}
	}
	return nil
}

// Visible gives a publication to whoever may read it: members of the customer, and
// colleagues who see that customer's results. Everybody else gets NotFound, as for
// one that does not exist. A withdrawn one is for colleagues.
func (s *Service) Visible(ctx context.Context, id int64) (Publication, error) {
	p, _, err := s.inside(ctx, id)
	if err == nil || !apperr.Is(err, apperr.NotFound) {
		return p, err
	}
	return s.Own(ctx, id)
}

// Own is Visible for the pages of customers, which show nothing but one's own
// organisation's, whatever else the reader's roles let them see.
func (s *Service) Own(ctx context.Context, id int64) (Publication, error) {
	if err := mayCome(ctx); err != nil {
		return Publication{}, missing()
	}
	found, err := readVisible(ctx, s.d.DB.Reader(), access.From(ctx), id, "")
	if err != nil {
		return Publication{}, err
	}
	if len(found) == 0 || found[0].Withdrawn() {
		return Publication{}, missing()
	}
	return found[0], nil
}

// ListQuery asks for a page of publications.
type ListQuery struct {
	Agreement int64 // 0 is every one
	Month     Month // "" is every one
	After     Mark  // behind it; the zero value begins
	Limit     int
}

// Mark is where a page of publications ended. It holds all that the next page needs,
// so that a guess of an id tells nothing.
type Mark struct {
	Month Month
	ID    int64
}

// String writes a mark for an address; "" for none.
func (m Mark) String() string {
	if m.ID == 0 {
		return ""
	}
	return string(m.Month) + "." + formatID(m.ID)
}

// parseMark reads a mark; Invalid for what is none.
func parseMark(s string) (Mark, error) {
	if s == "" {
		return Mark{}, nil
	}
	month, id, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(id, 10, 64)
	if _, ok := ParseMonth(month); !ok || err != nil || n <= 0 {
		return Mark{}, apperr.InvalidField("cursor", "This page marker belongs to another list. Start from the beginning.")
	}
	return Mark{Month(month), n}, nil
}

func markOf(p *Publication) Mark { return Mark{p.Month, p.ID} }

// List gives what the reader may see, the latest published first: of their own
// organisation, and to colleagues of the customers whose results they see. What was
// withdrawn is left out. next is ListQuery.After of what follows, zero at the end.
func (s *Service) List(ctx context.Context, l ListQuery) (found []Publication, next Mark, err error) {
	a := access.From(ctx)
	l.Limit = min(max(l.Limit, 1), 200)
	if !colleague(a) {
		if err := mayCome(ctx); err != nil {
			return nil, next, err
		}
		found, err = readListed(ctx, s.d.DB.Reader(), l, a, true)
	} else {
		// The rules of a few agreements and customers are asked in memory.
		found, err = s.listInside(ctx, l)
	}
	if len(found) > l.Limit {
		found = found[:l.Limit]
		next = markOf(&found[l.Limit-1])
	}
	return found, next, err
}

// listInside gives one more than a page of what a colleague sees.
func (s *Service) listInside(ctx context.Context, l ListQuery) ([]Publication, error) {
	subjects, err := s.subjects(ctx)
	if err != nil {
		return nil, err
	}
	var out []Publication
	for {
		page, err := readListed(ctx, s.d.DB.Reader(), l, access.From(ctx), false)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if of, ok := subjects[page[i].Agreement]; ok && sees(access.From(ctx), &of, page[i].Organisation) {
				out = append(out, page[i])
			}
		}
		if len(page) <= l.Limit || len(out) > l.Limit {
			return out, nil
		}
		l.After = markOf(&page[len(page)-1])
	}
}

// Promises gives the promises behind a publication page by page, behind a position:
// to members of the customer if the list is published, without tickets of confidential
// kinds; to colleagues those on tickets they see. next is the position that the page
// after this one begins behind, 0 at the end.
func (s *Service) Promises(ctx context.Context, p *Publication, after, limit int) (out []clock.Decision, next int, err error) {
	inside := false
	if _, _, err := s.inside(ctx, p.ID); err == nil {
		inside = true
	}
	if !inside {
		setting, err := readSetting(ctx, s.d.DB.Reader(), p.Agreement)
		if err != nil {
			return nil, 0, err
		}
		if !setting.Tickets {
			return nil, 0, apperr.New(apperr.Forbidden, "The list of tickets is not published.")
		}
	}
	out, next, err = s.listed(ctx, p, after, min(max(limit, 1), 200))
	if err != nil || !inside {
		return out, next, err
	}
	ids := make([]int64, 0, len(out))
	for i := range out {
		ids = append(ids, out[i].Ticket)
	}
	found, err := s.d.Tickets.ByIDs(ctx, database.Distinct(ids))
	seen := map[int64]bool{}
	for i := range found {
		seen[found[i].ID] = true
	}
	return slices.DeleteFunc(out, func(d clock.Decision) bool { return !seen[d.Ticket] }), next, err
}

// listed gives promises behind a publication, without tickets of confidential kinds.
func (s *Service) listed(ctx context.Context, p *Publication, after, limit int) (out []clock.Decision, next int, err error) {
	out, positions, err := readPage(ctx, s.d.DB.Reader(), p.ID, s.confidential(), after, limit+1)
	if err == nil && len(out) > limit {
		return out[:limit], positions[limit-1], nil
	}
	return out, 0, err
}

// confidential lists the kinds of tickets that are never listed.
func (s *Service) confidential() []string {
	var out []string
	for _, def := range s.d.Kinds.All() {
		if def.Confidential {
			out = append(out, def.Key)
		}
	}
	return out
}

// Subscribe tells the reader when results of an agreement come, or no more. NotFound
// unless something of it is published to them.
func (s *Service) Subscribe(ctx context.Context, agreement int64, told bool) error {
	all, err := s.Mine(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(x Shown) bool { return x.Agreement == agreement }) {
		return missing()
	}
	return s.d.DB.Write(ctx, func(tx *database.Tx) error { return writeTold(ctx, tx, agreement, access.From(ctx).ID, told) })
}

// Guard says of publications which the actor may see now. It is a notify.Guard of Subject.
func (s *Service) Guard(ctx context.Context, ids []int64) ([]int64, error) {
	a := access.From(ctx)
	if !a.IsPerson() || !a.Can(Read, access.AnyKind) {
		return nil, nil
	}
	return readGuarded(ctx, s.d.DB.Reader(), a, ids)
}

// answerables names those who answer for what is shown, with how to reach them.
func (s *Service) answerables(ctx context.Context, all []Shown) (map[int64]people.Answerable, error) {
	var ids []int64
	for i := range all {
		ids = append(ids, all[i].OwnerID)
		for _, o := range all[i].Services {
			ids = append(ids, o.OwnerID)
		}
	}
	return s.d.People.Answerables(ctx, s.d.DB.Reader(), database.Distinct(ids))
}
