package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// VersionTag gives the entity tag of a record's version.
func VersionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// NotModified sets the entity tag and reports whether the client already holds
// this one; it has then been answered with 304. tag is quoted, weak or strong.
func NotModified(w http.ResponseWriter, r *http.Request, tag string) bool {
	w.Header().Set("ETag", tag)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for _, held := range tags(r.Header.Values("If-None-Match")) {
		if held == "*" || strings.TrimPrefix(held, "W/") == strings.TrimPrefix(tag, "W/") {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// IfMatch gives the version the client wants to change, from If-Match. required
// refuses a request without one with Precondition; otherwise it, and "*", are
// version 0: whatever is there.
func IfMatch(r *http.Request, required bool) (version int64, err error) {
	named := tags(r.Header.Values("If-Match"))
	if len(named) == 0 {
		if required {
			return 0, apperr.New(apperr.Precondition, "Say in If-Match which version you want to change: the ETag of what you read.")
		}
		return 0, nil
	}
	if len(named) > 1 {
		return 0, apperr.New(apperr.Invalid, "If-Match must name one version.")
	}
	if named[0] == "*" {
		return 0, nil
	}
	// A cache may have made the tag weak on the way; the version is exact all the same.
	text, err := strconv.Unquote(strings.TrimPrefix(named[0], "W/"))
	if err == nil {
		version, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil || version <= 0 {
		return 0, apperr.New(apperr.Invalid, "If-Match is not an ETag of this server.")
	}
	return version, nil
}

func tags(values []string) []string {
	var out []string
	for _, value := range values {
		for tag := range strings.SplitSeq(value, ",") {
			if tag = strings.TrimSpace(tag); tag != "" {
				out = append(out, tag)
			}
		}
	}
	return out
}
