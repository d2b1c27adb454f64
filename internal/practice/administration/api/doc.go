// Package api is administration by JSON: people, groups, organisations,
// services, roles and who holds them, API tokens, sessions, and the audit log.
//
// The operations call the same services as the pages. They add only what JSON
// needs: names of inputs, merge patches, entity tags and cursors.
package api
