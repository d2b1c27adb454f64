package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The limit of an operation is the least that a database must be asked for it:
// the same rows in the same tables with the same indexes, nothing else. A limit
// knows no permissions, checks nothing, indexes no text and tells nobody.
//
// It is written once. pgbench runs it on PostgreSQL; on SQLite a loop in Go does,
// with one connection that writes and one that reads for each client.

// limit is the least of one operation: statements with :name for its variables.
type limit struct {
	writes     bool
	statements []string
}

const ticketRow = `INSERT INTO tickets (id, kind, number, title, title_folded, state, category, impact, urgency, priority, requester_id, opened_by_id,
	organisation_id, service_id, group_id, channel, created_at, updated_at, unanswered_since, version, last_seq, description)
	VALUES (:id, 'incident', 'BARE-' || :id, 'The printer is slow after lunch', 'the printer is slow after lunch', 'new', 'new', 2, 2, 3,
	:requester, :requester, :group, :service, :group, 'api', :now, :now, :now, 1, 1, '` + bareText + `')`

const bareText = "The window was checked before the meeting and nobody saw the message. It still asks twice. We restarted the device in the morning " +
	"and called the manager, who found the report on a desk in the corridor. Nothing has changed since, although the team waited."

const bareEvent = `INSERT INTO ticket_events (ticket_id, seq, at, recorded_at, actor_type, actor_id, type, internal, changes, body)
	VALUES (:ticket, :seq, :now, :now, 'person', :requester, `

const ticketColumns = `t.id, t.kind, t.number, t.title, t.state, t.category, t.wait_reason, t.impact, t.urgency, t.priority, t.priority_reason,
	t.requester_id, t.opened_by_id, t.organisation_id, t.service_id, t.group_id, t.assignee_id, t.parent_id, t.channel,
	t.resolution_code, t.created_at, t.updated_at, t.assigned_at, t.first_response_at, t.resolved_at, t.closed_at,
	t.unanswered_since, t.reopen_count, t.reassign_count, t.rating, t.source, t.source_ref, t.version, t.last_seq, t.fields`

const createdChanges = `[{"f":"kind","b":"incident"},{"f":"title","b":"The printer is slow after lunch"},{"f":"state","b":"new"},{"f":"channel","b":"api"}]`

var limits = map[string]limit{
	opCreate: {true, []string{
		ticketRow,
		strings.NewReplacer(":ticket", ":id", ":seq", "1").Replace(bareEvent) + `'created', FALSE, '` + createdChanges + `', '` + bareText + `')`,
	}},
	opComment: {true, []string{
		`UPDATE tickets SET updated_at = :now, version = version + 1, last_seq = last_seq + 1 WHERE id = :ticket`,
		bareEvent + `'reply', FALSE, '[]', '` + bareText + `')`,
	}},
	opTransition: {true, []string{
		`UPDATE tickets SET updated_at = :now, version = version + 1, last_seq = last_seq + 1, state = 'on_hold', category = 'waiting', wait_reason = 'vendor'
			WHERE id = :ticket`,
		bareEvent + `'transition', FALSE, '[{"f":"state","a":"in_progress","b":"on_hold"},{"f":"wait_reason","b":"vendor"}]', '')`,
	}},
	opRead: {false, []string{
		`SELECT ` + ticketColumns + `, t.resolution, t.description FROM tickets t WHERE t.number = 'INC-' || :incident`,
	}},
	opQueue: {false, []string{
		`SELECT ` + ticketColumns + ` FROM tickets t WHERE t.state IN ('new', 'in_progress', 'on_hold') ORDER BY t.updated_at DESC, t.id DESC LIMIT 51`,
	}},
	opFiltered: {false, []string{
		`SELECT ` + ticketColumns + ` FROM tickets t WHERE t.state IN ('new', 'in_progress', 'on_hold') AND t.priority <= 3 AND t.service_id = :service
			ORDER BY t.priority, t.id LIMIT 51`,
	}},
	opTicket: {false, []string{
		`SELECT ` + ticketColumns + `, t.resolution, t.description FROM tickets t WHERE t.id = :ticket`,
		`SELECT e.seq, e.at, e.actor_type, e.actor_id, e.type, e.internal, e.changes, e.body FROM ticket_events e WHERE e.ticket_id = :ticket ORDER BY e.seq DESC LIMIT 50`,
	}},
	opRequester: {false, []string{
		`SELECT ` + ticketColumns + ` FROM tickets t WHERE t.requester_id = :asker ORDER BY t.updated_at DESC, t.id DESC LIMIT 51`,
	}},
}

// variables gives a limit's variables a value each.
func (w *world) variables(rng *rand.Rand, now int64) map[string]int64 {
	return map[string]int64{
		"service": w.services[rng.IntN(len(w.services))], "group": w.groups[rng.IntN(len(w.groups))], "requester": w.other, "asker": w.requester,
		"incident": int64(1 + rng.IntN(w.incidents)), "ticket": w.ids[rng.IntN(len(w.ids))], "now": now,
	}
}

// bind writes a statement's variables as numbered placeholders, and says which
// variable each is.
func bind(statement string) (text string, names []string) {
	var b strings.Builder
	for i := 0; i < len(statement); i++ {
		if statement[i] != ':' || i+1 == len(statement) || !letter(statement[i+1]) || i > 0 && statement[i-1] == '"' {
			b.WriteByte(statement[i])
			continue
		}
		j := i + 1
		for j < len(statement) && letter(statement[j]) {
			j++
		}
		name := statement[i+1 : j]
		at := -1
		for k, known := range names {
			if known == name {
				at = k
			}
		}
		if at < 0 {
			names, at = append(names, name), len(names)
		}
		fmt.Fprintf(&b, "$%d", at+1)
		i = j - 1
	}
	return b.String(), names
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }
