// Package identity knows who is calling: it checks passwords, keeps sessions and
// API tokens, and puts the actor into the context of every request.
//
// Signing in answers the same, in the same time, whether an account exists or
// not: the same queries run, and a password is always hashed. Guessing is slowed
// down per account, per address and per device. A browser that has signed in to
// an account before is counted apart from strangers, so that strangers who guess
// at an account never lock its owner out of their own browser, and everybody
// else for a quarter of an hour at a time.
//
// How somebody proves who they are is a Provider's business; passwords are the
// first. Whoever proves it elsewhere, by single sign-on, comes in through Open.
//
// A session or a token is 256 random bits that only its holder has; the database
// keeps their SHA-256.
package identity
