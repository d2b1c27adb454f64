// Package contract checks a running API against its own description.
//
// It reads the OpenAPI document that the server serves and asks every operation
// in it: the valid requests that a test gives, variations of them that leave out
// what may be left out, and requests that are wrong in every way the description
// rules out - without credentials, with a property too many, too few, too long or
// of another type, with a stale version, with a body that is no JSON. Every answer
// must be one that is described, status, media type, headers and body. An
// operation for which the test has no request fails it, so that none is forgotten.
package contract
