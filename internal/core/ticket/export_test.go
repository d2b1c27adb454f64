package ticket

// OpenOnly is how lists say that only open tickets are asked for.
const OpenOnly = openOnly
