package app

import (
	"context"
	"net/http"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record"
)

// ticketPage lets lists show the page of a ticket beside them: the lists are made
// before the page, which tells them what was opened.
type ticketPage struct{ record *record.Record }

func (p *ticketPage) is(r *record.Record) *record.Record {
	p.record = r
	return r
}

func (p *ticketPage) written(ctx context.Context, number string) (web.Component, error) {
	return p.record.Written(ctx, number)
}

func (p *ticketPage) receive(r *http.Request, dst any) (files []int64, refused, err error) {
	return p.record.Receive(r, dst)
}

func (p *ticketPage) beside(ctx context.Context, number, tab string) (module.Page, web.Component, error) {
	return p.record.Beside(ctx, number, tab)
}
