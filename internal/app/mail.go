package app

import (
	"context"
	"strings"

	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/module"
	portal "github.com/steward-itsm/steward/internal/practice/portal/view"
)

// mailDeps are what mail leans on.
func (a *App) mailDeps(f module.Frame) mail.Deps {
	c := a.core
	hostname := a.cfg.Mail.Hostname
	if hostname == "" {
		hostname = a.cfg.PublicURL.Hostname()
	}
	return mail.Deps{
		DB: c.DB, Tickets: c.Tickets, People: c.People, Services: c.Services, Blobs: c.Blobs, Audit: c.Audit, Jobs: c.Jobs, Seal: c.Seal, Frame: f, Now: c.Now, Log: a.log,
		Node: a.cfg.Node, BaseURL: strings.TrimSuffix(a.cfg.PublicURL.String(), "/"), Hostname: hostname, HTTPS: a.cfg.HTTPS(), Reading: a.readingMail,
		RequesterPage: portal.TicketURL, MaxMessage: int64(a.cfg.Mail.MaxSize),
	}
}

// readingMail gives what is written to somebody by mail their language and zone.
func (a *App) readingMail(ctx context.Context, person int64, language string) context.Context {
	p := actors.Person{}
	if person != 0 {
		if found, err := a.core.Actors.Person(ctx, person); err == nil { // somebody who is not active reads as a stranger does
			p = found
		}
	}
	if p.Language == "" {
		p.Language = language
	}
	return a.readingAs(ctx, p)
}
