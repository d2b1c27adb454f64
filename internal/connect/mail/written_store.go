package mail

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// landedMail is where the bytes of a mail lie that is a message of a ticket.
type landedMail struct {
	said    module.Said
	id      int64
	number  string
	blobKey string
	size    int64
}

// landedAs finds the mails that messages of tickets are, in one query.
func landedAs(ctx context.Context, q database.Querier, messages []module.Said) ([]landedMail, error) {
	asked := map[module.Said]bool{}
	var tickets []int64
	var seqs []int
	seen := map[int64]bool{}
	numbered := map[int]bool{}
	for _, m := range messages {
		asked[m] = true
		if !seen[m.Ticket] {
			seen[m.Ticket] = true
			tickets = append(tickets, m.Ticket)
		}
		if !numbered[m.Seq] {
			numbered[m.Seq] = true
			seqs = append(seqs, m.Seq)
		}
	}
	var args database.Args
	found, err := database.All(ctx, q, func(r database.Row) (landedMail, error) {
		var m landedMail
		err := r.Scan(&m.id, &m.said.Ticket, &m.said.Seq, &m.blobKey, &m.size, &m.number)
		return m, err
	}, `SELECT a.id, a.ticket_id, a.seq, a.blob_key, a.size, t.number FROM mail_arrivals a JOIN tickets t ON t.id = a.ticket_id
		WHERE a.ticket_id IN `+database.In(&args, tickets)+` AND a.seq IN `+database.In(&args, seqs)+` AND a.state = 'landed' AND a.whole ORDER BY a.id`, args.Values()...)
	if err != nil {
		return nil, err
	}
	var out []landedMail
	for _, m := range found {
		if asked[m.said] {
			out = append(out, m)
		}
	}
	return out, nil
}
