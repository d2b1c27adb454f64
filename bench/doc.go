// Command bench measures how fast the product is, beside what says what the figures
// are worth: the limit, which is the same minimal transaction or query sent
// straight to the same database, and at 100,000 tickets the peers, Request Tracker
// and Redmine with the same tickets, where Debian's packages are installed
// (peers/README.md).
//
//	make bench                 # 10k, 100k and 1m tickets; half an hour and more
//	make bench SIZE=10k        # a few minutes
//	make bench BENCH='-peers none -clients 8'
//
// It builds its data sets once, through the product's own writer of histories, and
// keeps them in a cache outside the repository. Every measurement is taken in
// rounds in which the contenders take turns, so that a noisy machine disturbs all
// of them alike; what is reported is the median of the rounds, and what counts
// are ratios within one run. RESULTS.md is what a run wrote.
package main
