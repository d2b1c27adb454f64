// Package results publishes to customers what became of the promises that were made
// to them, a closed month at a time.
//
// Whether, what and to whom is chosen for each agreement with a customer, by whoever
// manages settings or is accountable for the agreement. What is published is frozen:
// every promise that was kept or broken in the month, and what they add up to. The
// same month counted again gives the same numbers, for a promise is decided once; if
// a ticket was reopened or moved since, or hours were corrected, the new number is
// shown beside the one that was published, with the reason.
//
//	(month ends) --> draft --publish, by hand or by itself--> published --withdraw--> withdrawn
//	                   ^                                                                  |
//	                   `----------------------------- again ------------------------------'
//
// A publication is of one agreement, one customer and one month. It counts tickets of
// that customer and of the units below it, and only its members read it: which is
// also what keeps the tickets of one customer from another. Internal words have no
// place in it.
package results
