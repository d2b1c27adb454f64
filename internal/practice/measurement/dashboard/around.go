package dashboard

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// onWall is a body inside the layout of a wall.
type onWall struct {
	layout ui.Wall
	body   templ.Component
}

// Render writes the whole page.
func (o onWall) Render(ctx context.Context, w io.Writer) error {
	return o.layout.View().Render(templ.WithChildren(ctx, o.body), w)
}
