// Package web is the edge towards HTTP: everything that is the same for every
// page, operation and webhook is decided here once.
//
// A handler returns an error instead of writing one. The Mux gives it a request
// that has a name, a client address, a deadline and a bounded body, and turns
// the error into an answer: a page or a fragment of one for people, problem+json
// (RFC 9457) for programs. What only the log may see stays in the log, under the
// request's name.
//
//	mux, err := web.NewMux(web.Options{Logger: log, ErrorPage: layout.Error})
//	desk := mux.With(web.Use(sessions.Require))
//	desk.Handle("GET /tickets/{number}", pages.ticket)
//	desk.Handle("POST /tickets/{number}/files", pages.upload, web.MaxBody(100<<20), web.Timeout(10*time.Minute))
//	desk.Handle("GET /live", live.stream, web.Stream())
//	err = web.NewServer(web.ServerOptions{Address: ":8080", Handler: mux, Logger: log}).Run(ctx)
//
// The order of the layers, outermost first: request name and client address,
// access log, panic recovery, security headers, forged-request check; then, per
// route, in-flight limit, deadline, body limit, compression, the route's own
// middleware, and the handler.
package web
