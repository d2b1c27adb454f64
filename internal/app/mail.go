package app

import (
	"context"
	"strings"
	"sync"

	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/mail/lmtp"
	"github.com/steward-itsm/steward/internal/platform/web"
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
		DB: c.DB, Tickets: c.Tickets, People: c.People, Services: c.Services, Blobs: c.Blobs, Audit: c.Audit, Notices: c.Notices, Roles: c.Roles, Jobs: c.Jobs, Seal: c.Seal, Frame: f, Now: c.Now, Log: a.log,
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

// receiveMail reads mailboxes, and listens for servers that bring mail, until it is
// stopped.
func (a *App) receiveMail(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { a.mail.Watch(ctx, mail.Pace{}) })
	if c := a.cfg.Mail; c.TLSCert != "" {
		var err error
		if a.mail.Offer, err = web.TLS(c.TLSCert, c.TLSKey); err != nil {
			// Mail that a server hands over without encryption is not what was asked for.
			a.log.ErrorContext(ctx, "no mail is taken from servers: the certificate cannot be used", "error", err)
			return func() {
				cancel()
				wg.Wait()
			}
		}
	}
	for protocol, address := range map[lmtp.Protocol]string{lmtp.LMTP: a.cfg.Mail.LMTP, lmtp.SMTP: a.cfg.Mail.SMTP} {
		if address == "" {
			continue
		}
		wg.Go(func() {
			if err := a.mail.Listen(ctx, protocol, address); err != nil && ctx.Err() == nil {
				a.log.ErrorContext(ctx, "mail cannot be taken", "address", address, "error", err)
			}
		})
	}
	return func() {
		cancel()
		wg.Wait()
	}
}
