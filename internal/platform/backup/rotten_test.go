package backup_test

import (
	"context"
	"io"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/blob"
)

// rotten is a folder on whose disk one file lost its end.
type rotten struct {
	*blob.Folder
	key string
}

func (r *rotten) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if key == r.key {
		return io.NopCloser(strings.NewReader("b")), nil
	}
	return r.Folder.Get(ctx, key, offset, length)
}
