// Package openapi is the set-up of the JSON API: every operation that a module
// registers is described in one OpenAPI 3.1 document, served the same way and
// refused the same way.
//
// huma turns Go types into the description and checks requests against it. This
// package stands on both sides of it. Before huma, it takes in the request: who
// is calling and how often, text that cannot be stored, JSON that two readers
// could understand differently. After huma, it takes every error, huma's own
// included, back to the Mux, so that there is one edge where an error becomes
// problem+json, is logged, and loses what only the log may see.
//
//	api, err := openapi.New(mux, openapi.Options{Version: "1.4.0", Authenticate: identity.API})
//	openapi.Register(api, openapi.Operation{
//		ID: "get-ticket", Method: http.MethodGet, Path: "/tickets/{ref}", Tag: "Tickets",
//		Summary: "Get a ticket", Description: "…", Errors: []int{404},
//	}, func(ctx context.Context, in *getInput) (*ticketOutput, error) { … })
//
// The conventions that all operations share are types here: Paging and Listed
// (keyset paging), Held and Changed (entity tags), Once (Idempotency-Key), Field
// (a property of a JSON merge patch).
package openapi
