package app

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/practice/inbox"
)

// placesFor lists the pages that the actor finds in the menus, and their inbox.
func (a *App) placesFor(ctx context.Context) []module.MenuItem {
	pages, _ := a.menuFor(ctx)
	return append(pages, inbox.Place())
}

// startFor gives the page a person begins with when they sign in.
func (a *App) startFor(ctx context.Context, person int64) string {
	p, err := a.core.Actors.Person(ctx, person)
	if err != nil {
		return "/"
	}
	return a.startOf(access.With(ctx, p.Actor), p.Actor)
}

// startOf gives the actor's start page, if it is still one of theirs.
func (a *App) startOf(ctx context.Context, actor access.Actor) string {
	if !actor.IsPerson() {
		return "/"
	}
	p, err := a.core.Actors.Person(ctx, actor.ID)
	if err != nil || p.Start == "" || !slices.ContainsFunc(a.placesFor(ctx), func(i module.MenuItem) bool { return i.URL == p.Start }) {
		return "/"
	}
	return p.Start
}

// ownColumns keeps which columns people want of lists.
type ownColumns struct{ core *Core }

// Chosen gives the actor's columns of a list; "" when they chose none.
func (o ownColumns) Chosen(ctx context.Context, list string) string {
	p, err := o.core.Actors.Person(ctx, access.From(ctx).ID)
	if err != nil {
		return ""
	}
	return p.Columns[list]
}

// Choose keeps them; "" ends the choice.
func (o ownColumns) Choose(ctx context.Context, list, columns string) error {
	return o.core.People.ChooseColumns(ctx, list, columns)
}
