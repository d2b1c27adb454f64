package measurement

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/practice/measurement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func address(key metric.Key) string { return Base + "/" + string(key) }

func (p *Practice) catalogue(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	definitions, err := p.d.Metrics.Catalogue(ctx)
	if err != nil {
		return err
	}
	owners := make([]int64, len(definitions))
	for i, d := range definitions {
		owners[i] = d.OwnerID
	}
	names, err := p.d.Names.PersonNames(ctx, p.d.DB.Reader(), owners)
	if err != nil {
		return err
	}
	m := view.Catalogue{}
	for _, g := range metric.Groups() {
		title, lead := groupWords(ctx, g)
		group := view.Group{ID: "group-" + string(g), Title: title, Lead: lead, Table: ui.Table{
			ID: "metrics-" + string(g), Caption: title,
			Columns: []ui.Column{
				{Key: "name", Label: text.T(ctx, "Metric"), Main: true},
				{Key: "meaning", Label: text.T(ctx, "Meaning")},
				{Key: "direction", Label: text.T(ctx, "Direction")},
				{Key: "target", Label: text.T(ctx, "Target"), Number: true},
				{Key: "owner", Label: text.T(ctx, "Owner")},
			},
		}}
		for _, d := range definitions {
			if d.Group != g {
				continue
			}
			group.Table.Rows = append(group.Table.Rows, ui.Row{ID: "metric-" + string(d.Key), URL: address(d.Key), Cells: []templ.Component{
				ui.Link{Label: text.T(ctx, d.Name), URL: address(d.Key)},
				view.Text(text.T(ctx, d.Meaning)), view.Text(directionWord(ctx, d.Direction)),
				target(ctx, &d), name(names[d.OwnerID].Name),
			}})
		}
		m.Groups = append(m.Groups, group)
	}
	return p.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Metrics"), Active: "metrics", Wide: true}, m.View())
}

func target(ctx context.Context, d *metric.Definition) templ.Component {
	if d.Target == nil {
		return nil
	}
	return view.Text(Format(ctx, d.Unit, *d.Target))
}

func name(s string) templ.Component {
	if s == "" {
		return nil
	}
	return view.Text(s)
}
