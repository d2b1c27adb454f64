// Package suggest completes what is being typed in the desk's forms: people,
// groups, members of a group, services, and tickets by number or words, as the
// comboboxes of internal/ui expect (/suggest/{what}?q=).
package suggest
