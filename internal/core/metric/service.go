package metric

import "context"

// Reader is what a page of figures leans on; Service is one. The actor is taken
// from the context: figures are over the tickets they may view and export.
type Reader interface {
	// Catalogue lists every metric as it is defined now.
	Catalogue(ctx context.Context) ([]Definition, error)
	// Definition gives one; NotFound for a key nobody knows.
	Definition(ctx context.Context, key Key) (Definition, error)
	// Compute answers a query; Invalid with the field's name for one that makes no sense.
	Compute(ctx context.Context, q Query) (Result, error)
	// ComputeAll answers several, in their order.
	ComputeAll(ctx context.Context, queries []Query) ([]Result, error)
	// Tickets gives the tickets behind a figure, newest first; of a rate those of
	// its numerator.
	Tickets(ctx context.Context, q Query, after string, limit int) (TicketPage, error)
	// Flow gives the steps that tickets took, the most frequent first.
	Flow(ctx context.Context, q FlowQuery) ([]FlowStep, error)
}
