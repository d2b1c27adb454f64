package openapi

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/platform/web"
)

// Operation describes one operation. What its inputs and answers are made of is
// read off the types of its handler.
type Operation struct {
	ID      string // unique, in small letters with hyphens: a verb and a noun
	Method  string
	Path    string // below Prefix
	Tag     string // the group it is shown in
	Summary string // a few words
	// Description is Markdown for whoever writes a client.
	Description string
	// Status of success; 0 is 200, or 204 for answers without a body.
	Status int
	// Errors lists the statuses of refusals beyond those that every operation has.
	Errors []int

	Request any // an example of the JSON body
	Answer  any // an example of the JSON answer

	// Body describes a body that the handler reads itself through Request.
	Body *huma.RequestBody
	// Streamed gives the media types of an answer that is written by Stream.
	Streamed map[string]*huma.MediaType

	Options []web.Option // of the route: other limits
}

const routeOptions = "route" // key of Operation.Options in huma's metadata

// Register adds an operation. It stops a program whose description is not
// complete, which is found by the first test that starts it.
func Register[I, O any](api huma.API, o Operation, handler func(context.Context, *I) (*O, error)) {
	if o.ID == "" || o.Summary == "" || o.Description == "" || o.Tag == "" {
		panic("openapi: the operation " + o.Method + " " + o.Path + " is not described")
	}
	huma.Register(api, o.huma(), func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			callOf(ctx).fail(err)
			return nil, nil //nolint:nilnil // the Mux answers
		}
		return out, nil
	})
	o.complete(described(api.OpenAPI(), o.Method, o.Path))
}

// everywhere are the refusals of every operation, with or without credentials, input or luck.
var everywhere = []int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
	http.StatusInternalServerError, http.StatusServiceUnavailable,
}

func (o *Operation) huma() huma.Operation {
	op := huma.Operation{
		OperationID: o.ID, Method: o.Method, Path: o.Path, Tags: []string{o.Tag},
		Summary: o.Summary, Description: o.Description, DefaultStatus: o.Status,
		Metadata:  map[string]any{routeOptions: o.Options},
		Responses: map[string]*huma.Response{},
	}
	for _, status := range slices.Concat(everywhere, o.Errors) {
		op.Responses[strconv.Itoa(status)] = standardAnswer(status)
	}
	return op
}

// standardAnswer refers to the description of an answer that is the same everywhere.
func standardAnswer(status int) *huma.Response {
	known, ok := standards[status]
	if !ok {
		panic("openapi: no answer of the status " + strconv.Itoa(status) + " is described")
	}
	return &huma.Response{Ref: "#/components/responses/" + known.name}
}

// complete adds to huma's description what it cannot read off types.
func (o *Operation) complete(op *huma.Operation) {
	if o.Body != nil {
		// Added late: of a body it knows, huma would read every byte into memory.
		op.RequestBody = o.Body
	}
	success := op.Responses[strconv.Itoa(op.DefaultStatus)]
	if success.Headers == nil {
		success.Headers = map[string]*huma.Param{}
	}
	for _, p := range op.Parameters {
		switch p.Name {
		case "If-None-Match":
			op.Responses["304"] = standardAnswer(http.StatusNotModified)
		case "If-Match":
			// Only described as required: huma would answer 422, not 428.
			p.Required = op.Responses["428"] != nil
		case "Idempotency-Key":
			success.Headers[replayedHeader] = &huma.Param{Ref: "#/components/headers/" + replayedHeader}
		}
	}
	if op.RequestBody != nil {
		if patch := op.RequestBody.Content[mergePatch]; patch != nil {
			op.RequestBody.Content["application/json"] = patch
		}
		op.Responses["413"] = standardAnswer(http.StatusRequestEntityTooLarge)
		op.Responses["415"] = standardAnswer(http.StatusUnsupportedMediaType)
		for _, media := range op.RequestBody.Content {
			if o.Request != nil {
				media.Example = o.Request
			}
		}
	}
	if o.Streamed != nil {
		success.Content = o.Streamed
	}
	if media := success.Content["application/json"]; media != nil && o.Answer != nil {
		media.Example = o.Answer
	}
	for name := range standardHeaders() {
		success.Headers[name] = &huma.Param{Ref: "#/components/headers/" + name}
	}
}

func described(doc *huma.OpenAPI, method, path string) *huma.Operation {
	item := doc.Paths[path]
	switch method {
	case http.MethodGet:
		return item.Get
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	case http.MethodPatch:
		return item.Patch
	case http.MethodDelete:
		return item.Delete
	}
	panic("openapi: no operation can be " + method)
}

const (
	bearerScheme  = "token"
	sessionScheme = "session"

	mergePatch     = "application/merge-patch+json"
	replayedHeader = "Idempotency-Replayed"
)

// standard is an answer that is the same for every operation: the component it is
// described under, the kind of its problem, and what it means.
type standard struct{ name, kind, text string }

var standards = map[int]standard{
	http.StatusPartialContent:               {"Part", "", "The part that Range asked for."},
	http.StatusNotModified:                  {"NotModified", "", "You hold the current version already."},
	http.StatusUnauthorized:                 {"Unauthenticated", "unauthenticated", "No credentials, or wrong ones."},
	http.StatusForbidden:                    {"Forbidden", "forbidden", "Your roles, or the scopes of your token, do not allow this."},
	http.StatusNotFound:                     {"NotFound", "not_found", "There is no such record, or you may not see it."},
	http.StatusConflict:                     {"Conflict", "conflict", "Not possible as things are now: the state does not allow it, or the Idempotency-Key was used for something else. `current` may show the record as it is."},
	http.StatusPreconditionFailed:           {"Stale", "conflict", "If-Match names a version that is not the current one. `current` shows what the record holds now."},
	http.StatusRequestEntityTooLarge:        {"TooLarge", "too_large", "The body is larger than is accepted here."},
	http.StatusUnsupportedMediaType:         {"UnsupportedType", "unsupported_type", "The body's Content-Type is not accepted here."},
	http.StatusRequestedRangeNotSatisfiable: {"OutOfRange", "range", "What Range asks for lies behind the end."},
	http.StatusUnprocessableEntity:          {"Invalid", "invalid", "What was sent is wrong. `errors` names each wrong input."},
	http.StatusPreconditionRequired:         {"VersionNeeded", "precondition", "If-Match is needed here: the ETag of what you read."},
	http.StatusTooManyRequests:              {"TooMany", "too_many", "Too many requests; Retry-After says when the next is welcome."},
	http.StatusInternalServerError:          {"Internal", "internal", "Something went wrong on the server. `request_id` names the request in its log."},
	http.StatusServiceUnavailable:           {"Unavailable", "unavailable", "The server cannot answer right now. Nothing was changed, unless `detail` doubts it; try again after Retry-After, with the same Idempotency-Key."},
}

// components holds what operations refer to.
func components(o Options) *huma.Components {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	problem := registry.Schema(problemType, true, "Problem")
	c := &huma.Components{
		Schemas:   registry,
		Responses: map[string]*huma.Response{},
		Headers:   standardHeaders(),
		SecuritySchemes: map[string]*huma.SecurityScheme{
			bearerScheme: {Type: "http", Scheme: "bearer", Description: "An API token, made on your profile page or by an administrator. It may be limited to some verbs and kinds, and it expires."},
		},
	}
	if o.Cookie != "" {
		c.SecuritySchemes[sessionScheme] = &huma.SecurityScheme{
			Type: "apiKey", In: "cookie", Name: o.Cookie, Description: "The session of somebody signed in with a browser. Requests from other sites are refused.",
		}
	}
	wait := map[string]*huma.Param{"Retry-After": {Description: "Seconds to wait.", Schema: &huma.Schema{Type: huma.TypeInteger}}}
	c.Headers[replayedHeader] = &huma.Param{Description: "true if a request with this key came before.", Schema: &huma.Schema{Type: huma.TypeString}}
	for status, known := range standards {
		r := &huma.Response{
			Description: known.text,
			Content:     map[string]*huma.MediaType{web.ProblemType: {Schema: problem, Example: known.example(status)}},
		}
		switch status {
		case http.StatusNotModified:
			r.Content = nil
		case http.StatusPartialContent:
			r.Content = map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
		case http.StatusUnauthorized:
			r.Headers = map[string]*huma.Param{"WWW-Authenticate": {Description: "The scheme: Bearer.", Schema: &huma.Schema{Type: huma.TypeString}}}
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			r.Headers = wait
		}
		c.Responses[known.name] = r
	}
	return c
}

func (s standard) example(status int) web.Problem {
	p := web.Problem{
		Type: "urn:steward:problem:" + s.kind, Title: http.StatusText(status), Status: status, Detail: s.text,
		Instance: Prefix + "/tickets", RequestID: "Q3XJ7YVJ6W2QK5JZ4M7B3N5T2A",
	}
	if status == http.StatusUnprocessableEntity {
		p.Detail = "Say in a few words what it is about."
		p.Errors = []web.ProblemField{{Name: "title", Pointer: "#/title", Message: p.Detail}}
	}
	return p
}

// standardHeaders are those of every answer.
func standardHeaders() map[string]*huma.Param {
	number := &huma.Schema{Type: huma.TypeInteger}
	return map[string]*huma.Param{
		"X-Request-Id":        {Description: "Names the request in the server's log.", Schema: &huma.Schema{Type: huma.TypeString}},
		"RateLimit-Limit":     {Description: "Requests per span of time.", Schema: number},
		"RateLimit-Remaining": {Description: "Requests that may follow at once.", Schema: number},
		"RateLimit-Reset":     {Description: "Seconds until the whole limit is there again.", Schema: number},
	}
}
