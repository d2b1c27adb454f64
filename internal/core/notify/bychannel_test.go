package notify_test

import (
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestNoticesGoByTheChannelsTheirReaderChose(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		const chat, phone = 11, 12
		choose := func(how map[notify.Kind]map[int64]notify.Mail) error {
			return d.Notices.ChooseChannels(d.As(d.ana), how)
		}
		if err := choose(map[notify.Kind]map[int64]notify.Mail{notify.Assigned: {chat: notify.MailNow, phone: notify.MailDigest}, notify.Replied: {phone: notify.MailNever}}); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []map[notify.Kind]map[int64]notify.Mail{{"lunch": {chat: notify.MailNow}}, {notify.Assigned: {chat: "sometimes"}}} {
			if err := choose(wrong); !apperr.Is(err, apperr.Invalid) {
				t.Errorf("%v is taken: %v", wrong, err)
			}
		}
		for _, c := range must(d.Notices.Choices(d.As(d.ana)))(t) {
			if c.Kind == notify.Assigned && (!c.On || c.Channels[chat] != notify.MailNow || c.Channels[phone] != notify.MailDigest) || c.Kind == notify.Replied && len(c.Channels) != 0 {
				t.Errorf("%+v", c)
			}
		}
		tk := d.given(t, "VPN drops", d.ana)
		due := must(d.Notices.DueByChannel(t.Context(), 10))(t)
		if len(due) != 1 || due[0] != (notify.Sending{Person: d.ana, Channel: chat}) {
			t.Fatalf("due is %+v", due)
		}
		found, ids, err := d.Notices.ForChannel(d.As(d.ana), chat)
		if err != nil || len(found) != 1 || len(ids) != 1 || found[0].Subject.ID != tk.ID {
			t.Fatalf("%+v %v %v", found, ids, err)
		}
		send := func() error {
			return d.DB.Write(t.Context(), func(tx *database.Tx) error { return d.Notices.SentBy(t.Context(), tx, chat, ids) })
		}
		if err := send(); err != nil {
			t.Fatal(err)
		}
		if err := send(); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("another node sends it again: %v", err)
		}
		d.Clock.Advance(25 * time.Hour)
		if due := must(d.Notices.DueByChannel(t.Context(), 10))(t); len(due) != 1 || due[0].Channel != phone {
			t.Errorf("due the day after is %+v", due)
		}
		if err := d.DB.Write(t.Context(), func(tx *database.Tx) error { return d.Notices.LeaveChannel(t.Context(), tx, phone, d.ana) }); err != nil {
			t.Fatal(err)
		}
		if due := must(d.Notices.DueByChannel(t.Context(), 10))(t); len(due) != 0 {
			t.Errorf("by a channel that is left goes %+v", due)
		}
	})
}

func TestWhatTheReaderMayNotSeeAnyMoreGoesByNoChannel(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		const chat = 11
		if err := d.Notices.ChooseChannels(d.As(d.sam), map[notify.Kind]map[int64]notify.Mail{notify.Assigned: {chat: notify.MailNow}}); err != nil {
			t.Fatal(err)
		}
		tk := d.incident(t, "The switch in the yard")
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.field}))(t)
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &d.sam}))(t)
		if found, ids, err := d.Notices.ForChannel(d.As(d.sam), chat); err != nil || len(found) != 1 || len(ids) != 1 {
			t.Fatalf("%+v %v %v", found, ids, err)
		}
		must(d.Tickets.Edit(d.As(d.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &d.network}))(t)
		if found, ids, err := d.Notices.ForChannel(d.As(d.sam), chat); err != nil || len(found) != 0 || len(ids) != 1 {
			t.Errorf("%+v %v %v", found, ids, err)
		}
	})
}
