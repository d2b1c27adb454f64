package account

import (
	"net/http"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/account/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type tokenForm struct {
	Name  string   `form:"name,line"`
	Days  int      `form:"days"` // 0 never expires
	Reach string   `form:"reach,line"`
	Verbs []string `form:"verb"`
	Kinds []string `form:"kind"`
}

// What a token may do, as the form asks it.
const (
	reachRead   = "read"
	reachAll    = "all"
	reachChosen = "chosen"
)

// reading is what "read only" means.
var reading = []access.Verb{access.View, access.ReadNotes, access.Export, access.ViewPeople, access.ViewAudit}

func (f tokenForm) input(owner int64, now time.Time) (identity.TokenInput, error) {
	in := identity.TokenInput{OwnerID: owner, Name: f.Name, Kinds: f.Kinds}
	switch f.Reach {
	case reachRead:
		in.Verbs = reading
		if len(f.Kinds) > 0 { // the other verbs are not about tickets
			in.Verbs = reading[:3]
		}
	case reachAll:
	case reachChosen:
		for _, v := range f.Verbs {
			in.Verbs = append(in.Verbs, access.Verb(v))
		}
		if len(in.Verbs) == 0 { // an empty list would mean everything
			return in, apperr.InvalidField("verbs", "Choose at least one thing the token may do.")
		}
	default:
		return in, apperr.InvalidField("reach", "Choose what the token may do.")
	}
	if f.Days < 0 {
		return in, apperr.InvalidField("days", "Choose how long the token is good for.")
	}
	if f.Days > 0 {
		in.Expires = now.AddDate(0, 0, min(f.Days, 3660))
	}
	return in, nil
}

// owner is whose tokens the page is about: one's own, or an account's that one
// looks after.
func (p pages) owner(r *http.Request) (id int64, name string, err error) {
	if r.PathValue("id") == "" {
		actor := access.From(r.Context())
		return actor.ID, "", nil
	}
	if id, err = pathID(r); err != nil {
		return 0, "", err
	}
	person, err := p.People.Person(r.Context(), id)
	return id, person.Name, err
}

func (p pages) tokens(w http.ResponseWriter, r *http.Request) error {
	return p.showTokens(w, r, tokenForm{Days: 90, Reach: reachRead}, "", nil)
}

func (p pages) createToken(w http.ResponseWriter, r *http.Request) error {
	owner, _, err := p.owner(r)
	if err != nil {
		return err
	}
	var f tokenForm
	err = web.Form(r, &f, nil)
	var in identity.TokenInput
	if err == nil {
		in, err = f.input(owner, p.Now())
	}
	var secret string
	if err == nil {
		_, secret, err = p.Identity.CreateToken(r.Context(), in)
	}
	if _, inForm := wrong(r.Context(), err); err != nil && !inForm {
		return err
	}
	if err == nil {
		f = tokenForm{Days: 90, Reach: reachRead}
	}
	return p.showTokens(w, r, f, secret, err)
}

func (p pages) showTokens(w http.ResponseWriter, r *http.Request, f tokenForm, secret string, failed error) error {
	ctx := r.Context()
	owner, name, err := p.owner(r)
	if err != nil {
		return err
	}
	all, err := p.Identity.Tokens(ctx, owner)
	if err != nil {
		return err
	}
	actor := access.From(ctx)
	m := view.Tokens{
		Action: r.URL.Path, Owner: name, OwnerURL: "/people/" + strconv.FormatInt(owner, 10), Secret: secret,
		Name: f.Name, Days: f.Days, Reach: f.Reach, MayCreate: identity.From(ctx).TokenID == 0,
	}
	if name != "" {
		m.MayCreate = actor.Can(access.ManagePeople, access.AnyKind)
	}
	for _, info := range p.Roles.Verbs().Verbs() {
		if actor.Can(info.Verb, access.AnyKind) || name != "" {
			m.Verbs = append(m.Verbs, view.Option{Value: string(info.Verb), Label: text.Label(ctx, "permission", info.Label), Selected: contains(f.Verbs, string(info.Verb))})
		}
	}
	for _, d := range p.Kinds.All() {
		m.Kinds = append(m.Kinds, view.Option{Value: d.Key, Label: text.T(ctx, d.Label), Selected: contains(f.Kinds, d.Key)})
	}
	now := p.Now()
	for _, t := range all {
		m.All = append(m.All, view.Token{
			ID: t.ID, Name: t.Name, Hint: t.Hint, Verbs: p.verbLabels(r, t.Verbs), Kinds: t.Kinds, Created: t.CreatedAt, Expires: t.ExpiresAt, Used: t.UsedAt,
			Revoked: !t.RevokedAt.IsZero(), Expired: !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt),
		})
	}
	m.Errors, _ = wrong(ctx, failed)
	private(w)
	return p.page(w, r, text.T(ctx, "API tokens"), statusOf(failed), m.View())
}

func (p pages) verbLabels(r *http.Request, verbs []access.Verb) []string {
	var out []string
	for _, v := range verbs {
		if info, ok := p.Roles.Verbs().Info(v); ok {
			out = append(out, text.Label(r.Context(), "permission", info.Label))
		}
	}
	return out
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func (p pages) revokeToken(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := p.Identity.RevokeToken(r.Context(), id); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "The token is revoked. It stopped working at once.")}, p.HTTPS)
	return web.Redirect(w, r, back(r))
}
