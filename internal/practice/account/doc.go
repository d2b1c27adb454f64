// Package account is everything about one's own account: signing in and out, the
// first run of an installation, the profile with language, zone and looks, the
// password, the browsers one is signed in to, and API tokens.
//
// What other people's accounts are like is administration's business.
package account
