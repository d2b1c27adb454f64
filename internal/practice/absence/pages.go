package absence

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/absence/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// form is what the form of an absence posts. Its times are by the clock of whoever is away.
type form struct {
	From           string            `form:"from,line,max=40"`
	Until          string            `form:"until,line,max=40"`
	Reason         string            `form:"reason,line"`
	Substitute     int64             `form:"substitute"`
	SubstituteText string            `form:"substitute.text,line,max=200"`
	Groups         map[string]string `form:"by_group.*"` // by the group's id, and by it and ".text"
	Version        int64             `form:"version"`
}

// layout is how the browser writes a day and a time.
const layout = "2006-01-02T15:04"

func formOf(a *people.Absence, zone *time.Location) form {
	f := form{
		From: a.From.In(zone).Format(layout), Until: a.Until.In(zone).Format(layout), Reason: a.Reason, Substitute: a.Substitute, Version: a.Version,
		Groups: map[string]string{},
	}
	for group, substitute := range a.ByGroup {
		f.Groups[formatID(group)] = formatID(substitute)
	}
	return f
}

// input reads the form.
func (a *Absences) input(ctx context.Context, f *form, memberships []people.Membership, zone *time.Location) (people.AbsenceInput, error) {
	in := people.AbsenceInput{Reason: f.Reason, ByGroup: map[int64]int64{}}
	var wrong apperr.Problems
	var err error
	for _, at := range []struct {
		name, typed string
		to          *time.Time
	}{{"from", f.From, &in.From}, {"until", f.Until, &in.Until}} {
		if at.typed == "" {
			continue
		}
		if *at.to, err = web.ParseTime(at.typed, zone); err != nil {
			wrong.Add(at.name, "Write a day and a time, such as 2026-11-21 14:05.")
		}
	}
	if in.Substitute, err = a.pick(ctx, "substitute", f.Substitute, f.SubstituteText, memberships, 0); err != nil {
		return in, err
	}
	for _, m := range memberships {
		id := formatID(m.Group.ID)
		chosen, _ := strconv.ParseInt(f.Groups[id], 10, 64) // 0 is nobody
		if chosen, err = a.pick(ctx, people.ByGroupField(m.Group.ID), chosen, f.Groups[id+".text"], memberships, m.Group.ID); err != nil {
			return in, err
		}
		if chosen != 0 {
			in.ByGroup[m.Group.ID] = chosen
		}
	}
	return in, wrong.Err()
}

// pick gives whom a field means: who was chosen, or the one person that was typed.
func (a *Absences) pick(ctx context.Context, field string, chosen int64, typed string, memberships []people.Membership, group int64) (int64, error) {
	if chosen != 0 || typed == "" {
		return chosen, nil
	}
	var found []people.Suggestion
	var err error
	if group == 0 && !access.From(ctx).Can(access.ViewPeople, access.AnyKind) && len(memberships) > 0 {
		group = memberships[0].Group.ID
	}
	if group == 0 {
		found, err = a.d.People.SuggestPeople(ctx, typed)
	} else {
		found, err = a.d.People.SuggestMembers(ctx, group, typed)
	}
	if err != nil && !apperr.Is(err, apperr.NotFound) {
		return 0, err
	}
	if exact := slices.DeleteFunc(slices.Clone(found), func(s people.Suggestion) bool { return filter.Fold(s.Name) != filter.Fold(typed) }); len(exact) == 1 {
		return exact[0].ID, nil
	}
	switch len(found) {
	case 0:
		return 0, apperr.InvalidField(field, "Nobody is called “%s”.", typed)
	case 1:
		return found[0].ID, nil
	}
	return 0, apperr.InvalidField(field, "Several are called “%s”. Write more of the name.", typed)
}

// zoneFor is where somebody is: as they chose, or, of oneself, as the browser says.
func zoneFor(ctx context.Context, p *people.Person) *time.Location {
	if p.Zone != "" {
		if zone, err := time.LoadLocation(p.Zone); err == nil {
			return zone
		}
	}
	if zone := text.From(ctx).Location; zone != nil && access.From(ctx).ID == p.ID {
		return zone
	}
	return time.UTC
}

// mine is one's own page.
func (a *Absences) mine(w http.ResponseWriter, r *http.Request) error {
	actor := access.From(r.Context())
	if !actor.IsPerson() {
		return apperr.New(apperr.Forbidden, "Only persons are away.")
	}
	return a.show(w, r, actor.ID, nil, nil)
}

func (a *Absences) of(w http.ResponseWriter, r *http.Request) error {
	return a.show(w, r, web.PathID(r, "id"), nil, nil)
}

// show is the page of a person's absences; typed is what failed to be saved.
func (a *Absences) show(w http.ResponseWriter, r *http.Request, person int64, typed *form, failed error) error {
	ctx := r.Context()
	all, err := a.d.People.Absences(ctx, person)
	if err != nil {
		return err
	}
	p, memberships, err := a.person(ctx, person)
	if err != nil {
		return err
	}
	own := access.From(ctx).ID == person
	m := view.Page{Own: own, Name: p.Name, URL: view.OfURL(person)}
	if !own {
		m.PersonURL = view.PersonURL(person)
	}
	var ids []int64
	for i := range all {
		ids = append(ids, all[i].Substitute)
		ids = slices.AppendSeq(ids, maps.Values(all[i].ByGroup))
	}
	var standing []people.Away
	if own {
		if standing, err = a.d.People.StandingIn(ctx); err != nil {
			return err
		}
	}
	for _, s := range standing {
		ids = append(ids, s.Person)
	}
	names, err := a.d.People.PersonNames(ctx, a.d.DB.Reader(), ids)
	if err != nil {
		return err
	}
	groups, err := a.groupNames(ctx, all, standing)
	if err != nil {
		return err
	}
	now := a.d.Now()
	for i := range all {
		m.All = append(m.All, lineOf(ctx, &all[i], names, groups, now))
	}
	for _, s := range standing {
		line := view.Standing{Name: names[s.Person].Name, When: span(ctx, s.From, s.Until), Now: !now.Before(s.From), URL: view.OneURL(s.Absence), StepDownURL: view.OneURL(s.Absence) + "/step-down"}
		for _, g := range slices.Sorted(maps.Keys(s.ByGroup)) {
			if s.ByGroup[g] == access.From(ctx).ID {
				line.Groups = append(line.Groups, groups[g])
			}
		}
		if s.Substitute == access.From(ctx).ID {
			line.Groups = nil
		}
		m.Standing = append(m.Standing, line)
	}
	if typed == nil {
		typed = &form{}
	}
	if m.Form, err = a.fields(ctx, &p, memberships, typed, failed); err != nil {
		return err
	}
	return a.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Absence"), Status: statusOf(failed)}, m.View())
}

func statusOf(failed error) int {
	if failed != nil {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// person reads somebody with their groups; of those who may not look people up, what
// they need of themselves.
func (a *Absences) person(ctx context.Context, id int64) (people.Person, []people.Membership, error) {
	p, err := a.d.People.Person(ctx, id)
	if err != nil {
		return p, nil, err
	}
	memberships, err := a.d.People.MembershipsOf(ctx, id)
	return p, memberships, err
}

func (a *Absences) groupNames(ctx context.Context, all []people.Absence, standing []people.Away) (map[int64]string, error) {
	var ids []int64
	for i := range all {
		ids = slices.AppendSeq(ids, maps.Keys(all[i].ByGroup))
	}
	for i := range standing {
		ids = slices.AppendSeq(ids, maps.Keys(standing[i].ByGroup))
	}
	found, err := a.d.People.GroupNames(ctx, a.d.DB.Reader(), ids)
	out := make(map[int64]string, len(found))
	for id, g := range found {
		out[id] = g.Name
	}
	return out, err
}

func lineOf(ctx context.Context, x *people.Absence, names map[int64]people.PersonName, groups map[int64]string, now time.Time) view.Line {
	l := view.Line{ID: formatID(x.ID), URL: view.OneURL(x.ID), When: span(ctx, x.From, x.Until), Stage: x.Stage(now), Reason: x.Reason, EndURL: view.OneURL(x.ID) + "/end?version=" + strconv.FormatInt(x.Version, 10)}
	if x.Substitute != 0 {
		l.StandIns = append(l.StandIns, names[x.Substitute].Name)
	}
	for _, g := range slices.Sorted(maps.Keys(x.ByGroup)) {
		l.StandIns = append(l.StandIns, text.T(ctx, "%s: %s", groups[g], names[x.ByGroup[g]].Name))
	}
	return l
}

// fields are those of the form, with what was typed and what is wrong.
func (a *Absences) fields(ctx context.Context, p *people.Person, memberships []people.Membership, f *form, failed error) (view.Form, error) {
	wrong := apperr.ByField(ctx, failed)
	own := access.From(ctx).ID == p.ID
	zone := zoneFor(ctx, p)
	ids := []int64{f.Substitute}
	for _, m := range memberships {
		id, _ := strconv.ParseInt(f.Groups[formatID(m.Group.ID)], 10, 64) // 0 is nobody
		ids = append(ids, id)
	}
	names, err := a.d.People.PersonNames(ctx, a.d.DB.Reader(), ids)
	if err != nil {
		return view.Form{}, err
	}
	box := func(name, label, help, url string, id int64, typed string) ui.Combobox {
		c := ui.Combobox{Field: ui.Field{Name: name, Label: label, Help: help, Error: wrong[name]}, URL: url, Text: typed, Placeholder: text.T(ctx, "A name or e-mail address")}
		if n, ok := names[id]; ok {
			c.Chosen = []ui.Choice{{Value: formatID(id), Label: n.Name, Kind: ui.PartyPerson}}
		}
		return c
	}
	url := view.SuggestURL
	if !access.From(ctx).Can(access.ViewPeople, access.AnyKind) && len(memberships) > 0 {
		url = view.MembersURL(memberships[0].Group.ID)
	}
	out := view.Form{
		Action: view.OfURL(p.ID), Version: formatID(f.Version), Save: text.T(ctx, "Save"),
		From: ui.DateField{Field: ui.Field{Name: "from", Label: text.T(ctx, "Away from"), Required: true, Error: wrong["from"]}, Value: f.From, Time: true},
		Until: ui.DateField{Field: ui.Field{
			Name: "until", Label: text.In(ctx, "absence", "Back on"), Required: true, Error: wrong["until"], Help: text.T(ctx, "By the clock in %s.", zone.String()),
		}, Value: f.Until, Time: true},
		Substitute: box("substitute", text.T(ctx, "Who stands in"), text.T(ctx, "They are told what is wanted meanwhile, as far as they may see it. Nothing is reassigned by itself."), url, f.Substitute, f.SubstituteText),
	}
	if own {
		out.Reason = &ui.TextField{Field: ui.Field{Name: "reason", Label: text.T(ctx, "Why"), Error: wrong["reason"], Help: text.T(ctx, "Only you read this.")}, Value: f.Reason, MaxLength: people.MaxAbsenceReason}
	}
	for _, m := range memberships {
		id := formatID(m.Group.ID)
		chosen, _ := strconv.ParseInt(f.Groups[id], 10, 64) // 0 is nobody
		out.Groups = append(out.Groups, box(people.ByGroupField(m.Group.ID), text.T(ctx, "For tickets of %s", m.Group.Name), "", view.MembersURL(m.Group.ID), chosen, f.Groups[id+".text"]))
		out.Open = out.Open || chosen != 0 || wrong[people.ByGroupField(m.Group.ID)] != ""
	}
	return out, nil
}

func (a *Absences) add(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	person := web.PathID(r, "id")
	p, memberships, err := a.person(ctx, person)
	if err != nil {
		return err
	}
	var f form
	err = web.Form(r, &f, nil)
	var in people.AbsenceInput
	if err == nil {
		in, err = a.input(ctx, &f, memberships, zoneFor(ctx, &p))
	}
	var saved people.Absence
	if err == nil {
		saved, err = a.d.People.AddAbsence(ctx, person, in)
	}
	if apperr.Is(err, apperr.Invalid) {
		return a.show(w, r, person, &f, err)
	}
	if err != nil {
		return err
	}
	page, err := a.open(ctx, "state:open assignee:#"+formatID(person), 1)
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "The absence is saved.")}, a.d.HTTPS)
	if len(page.Tickets) > 0 {
		return web.Redirect(w, r, view.OneURL(saved.ID))
	}
	return a.back(w, r, person)
}

// back leads to the list of a person's absences.
func (a *Absences) back(w http.ResponseWriter, r *http.Request, person int64) error {
	if access.From(r.Context()).ID == person {
		return web.Redirect(w, r, view.MineURL)
	}
	return web.Redirect(w, r, view.OfURL(person))
}

func (a *Absences) one(w http.ResponseWriter, r *http.Request) error {
	x, err := a.d.People.Absence(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	return a.showOne(w, r, &x, nil, nil)
}

// showOne is the page of one absence: what its person holds, for handing over; what
// happened meanwhile; and its form.
func (a *Absences) showOne(w http.ResponseWriter, r *http.Request, x *people.Absence, typed *form, failed error) error {
	ctx := r.Context()
	actor := access.From(ctx)
	names, err := a.d.People.PersonNames(ctx, a.d.DB.Reader(), []int64{x.PersonID})
	if err != nil {
		return err
	}
	now := a.d.Now()
	m := view.One{Own: actor.ID == x.PersonID, Name: names[x.PersonID].Name, When: span(ctx, x.From, x.Until), ListURL: view.OfURL(x.PersonID), Stage: x.Stage(now)}
	may, err := a.d.People.MayEnterAbsences(ctx, x.PersonID)
	if err != nil {
		return err
	}
	if m.Own || !may {
		m.ListURL = view.MineURL
	}
	if m.Stage <= 0 {
		if m.Parts, err = a.parts(ctx, x); err != nil {
			return err
		}
		m.Holds = len(m.Parts) > 0
	}
	if m.Own && m.Stage >= 0 {
		if m.Meanwhile, err = a.meanwhile(ctx, x); err != nil {
			return err
		}
	}
	if may && m.Stage <= 0 {
		p, memberships, err := a.person(ctx, x.PersonID)
		if err != nil {
			return err
		}
		if typed == nil {
			kept := formOf(x, zoneFor(ctx, &p))
			typed = &kept
		}
		f, err := a.fields(ctx, &p, memberships, typed, failed)
		if err != nil {
			return err
		}
		f.Action = view.OneURL(x.ID)
		m.Form = &f
		m.EndURL = view.OneURL(x.ID) + "/end?version=" + strconv.FormatInt(x.Version, 10)
	}
	return a.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Absence"), Status: statusOf(failed)}, m.View())
}

// parts are the open tickets of who is away, by who stands in for each.
func (a *Absences) parts(ctx context.Context, x *people.Absence) ([]view.Part, error) {
	page, err := a.open(ctx, "state:open assignee:#"+formatID(x.PersonID), mostHeld)
	if err != nil || len(page.Tickets) == 0 {
		return nil, err
	}
	at := x.From
	if now := a.d.Now(); now.After(at) {
		at = now
	}
	book, err := a.d.People.AwayAt(ctx, a.d.DB.Reader(), at, []int64{x.PersonID})
	if err != nil {
		return nil, err
	}
	names, err := a.names(ctx, book)
	if err != nil {
		return nil, err
	}
	order, of := byStandIn(book, page.Tickets)
	var out []view.Part
	for _, to := range order {
		part := view.Part{ID: formatID(to), Name: names[to].Name, Rows: a.rows(ctx, of[to], names)}
		if part.Note, err = a.outside(ctx, to, part.Name, of[to]); err != nil {
			return nil, err
		}
		if access.From(ctx).Can(access.Bulk, access.AnyKind) {
			part.Action = a.d.BulkURL
			part.Hidden = []ui.Hidden{{Name: "which", Value: "chosen"}, {Name: "back", Value: view.OneURL(x.ID)}}
			if to != 0 {
				part.Hidden = append(part.Hidden, ui.Hidden{Name: "assignee", Value: formatID(to)}, ui.Hidden{Name: "assignee.text", Value: names[to].Name})
			}
		}
		out = append(out, part)
	}
	return out, nil
}

// outside says of whose groups somebody is no member, so that their tickets cannot be
// theirs as they are.
func (a *Absences) outside(ctx context.Context, person int64, name string, tickets []ticket.Ticket) (string, error) {
	if person == 0 {
		return "", nil
	}
	var ids []int64
	for i := range tickets {
		ids = append(ids, tickets[i].GroupID)
	}
	slices.Sort(ids)
	memberOf, err := a.d.People.GroupsOf(ctx, person)
	if err != nil {
		return "", err
	}
	ids = slices.DeleteFunc(slices.Compact(ids), func(g int64) bool { return g == 0 || slices.Contains(memberOf, g) })
	if len(ids) == 0 {
		return "", nil
	}
	found, err := a.d.People.GroupNames(ctx, a.d.DB.Reader(), ids)
	if err != nil {
		return "", err
	}
	var out []string
	for _, id := range ids {
		out = append(out, found[id].Name)
	}
	return text.T(ctx, "%s is not in %s: choose another group for those tickets, too, or leave them.", name, text.List(ctx, out)), nil
}

// mostTold bounds what the page of an absence tells of.
const mostTold = 100

// meanwhile is what came for the reader while they were away.
func (a *Absences) meanwhile(ctx context.Context, x *people.Absence) (*view.Meanwhile, error) {
	missed, err := a.d.Notices.MissedBy(ctx, a.d.DB.Reader(), x.PersonID, x.From, x.Until)
	if err != nil {
		return nil, err
	}
	m := &view.Meanwhile{Said: summary(ctx, missed, 0)}
	page, err := a.d.Notices.Inbox(ctx, notify.Query{Limit: mostTold})
	if err != nil {
		return nil, err
	}
	for _, l := range page.Lines {
		came := 0
		var last time.Time
		for i := range l.Notices {
			n := &l.Notices[i]
			if n.Kind != notify.Absence && !n.At.Before(x.From) && n.At.Before(x.Until) {
				if came++; n.At.After(last) {
					last = n.At
				}
			}
		}
		if came == 0 {
			continue
		}
		line := view.Told{Number: l.Number, Title: l.Subject.Title, URL: l.Subject.URL, Count: came, At: last, Unread: l.Unread > 0}
		if l.Number != "" {
			line.URL = view.TicketURL(l.Number)
		}
		m.Lines = append(m.Lines, line)
	}
	return m, nil
}

func (a *Absences) change(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	x, err := a.d.People.Absence(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	p, memberships, err := a.person(ctx, x.PersonID)
	if err != nil {
		return err
	}
	var f form
	err = web.Form(r, &f, nil)
	var in people.AbsenceInput
	if err == nil {
		in, err = a.input(ctx, &f, memberships, zoneFor(ctx, &p))
	}
	if err == nil {
		_, err = a.d.People.ChangeAbsence(ctx, x.ID, f.Version, in)
	}
	if apperr.Is(err, apperr.Invalid) {
		return a.showOne(w, r, &x, &f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "The absence is saved.")}, a.d.HTTPS)
	return a.back(w, r, x.PersonID)
}

// end ends an absence now, or takes back one that has not begun.
func (a *Absences) end(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var in struct {
		Version int64 `form:"version"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	x, err := a.d.People.EndAbsence(ctx, web.PathID(r, "id"), in.Version)
	if err != nil {
		return err
	}
	said := text.T(ctx, "The absence has ended.")
	if !x.From.Before(x.Until) {
		said = text.T(ctx, "The absence is taken back.")
	}
	web.Flash(w, web.Toast{Text: said}, a.d.HTTPS)
	return a.back(w, r, x.PersonID)
}

func (a *Absences) stepDown(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	x, err := a.stepsDown(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	names, err := a.d.People.PersonNames(ctx, a.d.DB.Reader(), []int64{x.PersonID})
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "You no longer stand in for %s. They are told.", names[x.PersonID].Name)}, a.d.HTTPS)
	return web.Redirect(w, r, view.MineURL)
}
