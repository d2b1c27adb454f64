package calendar

// EmbeddedRules is what the binary believes to carry.
const EmbeddedRules = embeddedRules
