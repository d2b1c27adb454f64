package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// newCompressor gives the layer that compresses text (zstd or gzip, as the
// client can). Everything else is sent as it is: pictures, archives and
// attachments gain nothing, and ranges of a file must stay ranges.
func newCompressor() (func(http.Handler) http.HandlerFunc, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.ContentTypeFilter(compressible))
	if err != nil {
		return nil, fmt.Errorf("web: compression: %w", err)
	}
	return wrap, nil
}

func compressible(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	switch media {
	case "text/event-stream":
		return false // would wait for more before it sends
	case "application/json", "application/javascript", "application/xml", "application/yaml", "application/x-ndjson", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml")
}
