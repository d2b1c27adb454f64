// Package administration is where an organisation sets Steward up: people,
// groups and organisations, services, roles and who holds them, the kinds of
// tickets with their priority matrix, background jobs, and the audit log.
//
// Its pages are forms over the services of core; every rule and every
// permission is checked there. Sign-in, first run, one's own profile, sessions
// and tokens are the pages of practice/account.
package administration
