package app

import (
	"strings"

	"github.com/steward-itsm/steward/internal/connect/webhook"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/outbound"
)

// webhookDeps are what channels of chat and SMS lean on.
func (a *App) webhookDeps(f module.Frame) webhook.Deps {
	c := a.core
	return webhook.Deps{
		DB: c.DB, Tickets: c.Tickets, People: c.People, Services: c.Services, Notices: c.Notices, Actors: c.Actors, Audit: c.Audit, Jobs: c.Jobs, Seal: c.Seal, Frame: f, Now: c.Now,
		Log: a.log, Node: a.cfg.Node, BaseURL: strings.TrimSuffix(a.cfg.PublicURL.String(), "/"), HTTPS: a.cfg.HTTPS(), Reading: a.readingMail,
		Policy: outbound.Policy{Allow: a.cfg.Webhook.Allow}, Timeout: a.cfg.Webhook.Timeout,
	}
}
