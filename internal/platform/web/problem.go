package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/requestid"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// ProblemType is the media type of errors for programs.
const ProblemType = "application/problem+json"

// Problem is an error as a program sees it (RFC 9457) and as an error page
// shows it. It is itself an error, so that an API library can return it.
type Problem struct {
	Type      string         `json:"type" doc:"urn:steward:problem: and the kind of error"`
	Title     string         `json:"title" doc:"The status in words"`
	Status    int            `json:"status" doc:"The HTTP status"`
	Detail    string         `json:"detail" doc:"What went wrong, for a person"`
	Instance  string         `json:"instance,omitempty" doc:"The path of the request"`
	RequestID string         `json:"request_id,omitempty" doc:"Names the request in the server's log"`
	Errors    []ProblemField `json:"errors,omitempty" doc:"The wrong inputs"`
	Current   any            `json:"current,omitempty" doc:"On a conflict: what the record holds now"`
}

// ProblemField is one wrong input.
type ProblemField struct {
	Name    string `json:"name" doc:"The field's name"`
	Pointer string `json:"pointer,omitempty" doc:"The field in the JSON document sent (RFC 6901)"`
	Message string `json:"message" doc:"What is wrong with it, for a person"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus gives the HTTP status; API libraries ask for it.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives the media type a Problem is sent with.
func (p *Problem) ContentType(string) string { return ProblemType }

// statuses is the one place where kinds of errors become HTTP; what is missing
// here is a 500.
var statuses = map[apperr.Kind]int{
	apperr.Invalid:         http.StatusUnprocessableEntity,
	apperr.Unauthenticated: http.StatusUnauthorized,
	apperr.Forbidden:       http.StatusForbidden,
	apperr.NotFound:        http.StatusNotFound,
	apperr.Conflict:        http.StatusConflict,
	apperr.InUse:           http.StatusConflict,
	apperr.TooLarge:        http.StatusRequestEntityTooLarge,
	apperr.TooMany:         http.StatusTooManyRequests,
	apperr.Unavailable:     http.StatusServiceUnavailable,
	apperr.Precondition:    http.StatusPreconditionRequired,
	apperr.Unsupported:     http.StatusUnsupportedMediaType,
}

// errMethod is the one answer that no kind of apperr means.
var errMethod = errors.New("web: method not allowed")

// classify brings errors of the standard library that mean something at this
// edge into apperr's words.
func classify(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return apperr.Wrap(err, apperr.TooLarge, "This is too large: at most %s are accepted here.", sizeInWords(tooLarge.Limit))
	case errors.Is(err, http.ErrNotMultipart), errors.Is(err, http.ErrMissingBoundary):
		return apperr.Wrap(err, apperr.Unsupported, "A form with files (multipart/form-data) was expected here.")
	}
	return err
}

// NewProblem describes an error for the outside, in the words of the context's
// reader. Nothing of an internal error's text gets into it.
func NewProblem(ctx context.Context, r *http.Request, err error) *Problem {
	err = classify(err)
	kind := apperr.KindOf(err)
	p := &Problem{
		Type:      "urn:steward:problem:" + string(kind),
		Status:    http.StatusInternalServerError,
		Detail:    apperr.Message(err).In(ctx),
		Instance:  r.URL.Path,
		RequestID: requestid.From(r.Context()),
	}
	if status, known := statuses[kind]; known {
		p.Status = status
	}
	if errors.Is(err, errMethod) {
		p.Type, p.Status = "urn:steward:problem:method_not_allowed", http.StatusMethodNotAllowed
		p.Detail = words.Of("This address does not understand that request.").In(ctx)
	}
	var e *apperr.Error
	if kind == apperr.Conflict && errors.As(err, &e) && e.Detail != nil {
		p.Current = e.Detail
		if r.Header.Get("If-Match") != "" {
			p.Status = http.StatusPreconditionFailed // RFC 9110, 13.1.1: the version named is not the current one
		}
	}
	p.Title = http.StatusText(p.Status)
	for _, f := range apperr.FieldsOf(err) {
		p.Errors = append(p.Errors, ProblemField{Name: f.Name, Pointer: pointer(r, f.Name), Message: f.Message.In(ctx)})
	}
	return p
}

// pointer gives a field's place in a JSON document: "lines.0.text" is
// "#/lines/0/text". Forms have no such place.
func pointer(r *http.Request, name string) string {
	if name == "" || !strings.Contains(r.Header.Get("Content-Type"), "json") {
		return ""
	}
	escaped := strings.NewReplacer("~", "~0", "/", "~1", ".", "/").Replace(name)
	return "#/" + escaped
}

// WriteProblem answers with problem+json.
func WriteProblem(w http.ResponseWriter, p *Problem) error {
	body, err := json.Marshal(p)
	if err != nil {
		// Only Current comes from outside this package.
		p.Current = nil
		if body, err = json.Marshal(p); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", ProblemType)
	w.WriteHeader(p.Status)
	_, err = w.Write(body)
	return err
}

// serverSide reports whether an error is ours and not the client's: those are
// logged.
func serverSide(ctx context.Context, err error) bool {
	if errors.Is(ctx.Err(), context.Canceled) {
		return false // the client went away; whatever broke then is no news
	}
	if errors.Is(err, errMethod) {
		return false
	}
	return apperr.Is(err, apperr.Internal) || apperr.Is(err, apperr.Unavailable)
}
