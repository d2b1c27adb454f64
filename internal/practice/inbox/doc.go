// Package inbox shows people what core/notify tells them: the bell in the top bar
// of every page, the list it leads to, why a notice came, and what they want to
// be told at all.
//
// Everybody has an inbox and sees only their own. Those who read internal notes
// get all of it; requesters and suppliers' agents get PublicLines, which cannot
// hold anything internal, and requesters read it in the portal's words, with the
// portal's addresses.
package inbox
