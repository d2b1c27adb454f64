package app

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui"
)

// around is a body inside the product's layout.
type around struct {
	shell ui.Shell
	body  web.Component
}

// Render writes the whole page.
func (a around) Render(ctx context.Context, w io.Writer) error {
	return a.shell.View().Render(templ.WithChildren(ctx, a.body), w)
}

// bare is a body inside the plain layout of sign-in and errors.
type bare struct {
	layout ui.Bare
	body   web.Component
}

// Render writes the whole page.
func (b bare) Render(ctx context.Context, w io.Writer) error {
	return b.layout.View().Render(templ.WithChildren(ctx, b.body), w)
}
