package demo

import (
	"context"
	"embed"
)

//go:embed prepared/*.json
var preparedFiles embed.FS

// PreparedBy is the person who wrote down what the demo's agents use often.
const PreparedBy = "siobhan"

// Prepared is what agents use often: canned replies and macros, each as a document
// of the JSON API.
func Prepared() (replies, macros []byte, err error) {
	if replies, err = preparedFiles.ReadFile("prepared/canned.json"); err != nil {
		return nil, nil, err
	}
	macros, err = preparedFiles.ReadFile("prepared/macros.json")
	return replies, macros, err
}

// prepare lets whoever knows about canned replies and macros write them, as the
// person who owns them.
func (d Deps) prepare(ctx context.Context, people map[string]int64) error {
	if d.Prepare == nil {
		return nil
	}
	return d.Prepare(ctx, people[PreparedBy])
}
