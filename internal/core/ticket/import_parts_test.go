package ticket_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestImportedHistoriesKeepTheirLinksFilesAndRatings(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		at := time.Date(2025, 11, 3, 9, 0, 0, 0, time.UTC)
		carla := ticket.ActorRef{Type: access.TypePerson, ID: d.carla}
		var histories []ticket.History
		err := d.world.DB.Write(t.Context(), func(tx *database.Tx) error {
			parent, child := tx.NextID(), tx.NextID()
			born := func(title string, more ...ticket.Change) ticket.Event {
				return ticket.Event{At: at, Actor: carla, Type: ticket.Created, Changes: append([]ticket.Change{
					{Field: "kind", To: "incident"},
					{Field: "title", To: title},
					{Field: "state", To: "new"},
					{Field: "requester", To: fmt.Sprint(d.carla)},
				}, more...)}
			}
			histories = []ticket.History{
				{Kind: "incident", Source: "test", SourceRef: "1", ID: parent, Events: []ticket.Event{
					born("Whole floor is offline"),
					{At: at.Add(time.Hour), Actor: carla, Type: ticket.Linked, Internal: true, Changes: []ticket.Change{{Field: ticket.FieldLink, To: fmt.Sprintf("inverse_caused_by %d", child)}}},
				}},
				{Kind: "incident", Source: "test", SourceRef: "2", ID: child, MinutesLost: ptr(25), Events: []ticket.Event{
					born("No network at my desk", ticket.Change{Field: "parent", To: fmt.Sprint(parent)}),
					{At: at.Add(time.Minute), Actor: carla, Type: ticket.Replied, Body: "A photo", Attachments: []ticket.Attachment{
						{Name: "../desk.png", MediaType: "image/png", Size: 3, SHA256: "abc"},
					}},
					{At: at.Add(time.Hour), Actor: carla, Type: ticket.Linked, Internal: true, Changes: []ticket.Change{{Field: ticket.FieldLink, To: fmt.Sprintf("caused_by %d", parent)}}},
					{At: at.Add(2 * time.Hour), Type: ticket.Transitioned, Actor: ticket.ActorRef{Type: access.TypeSystem}, Changes: []ticket.Change{{Field: "state", From: "new", To: "resolved"}}},
					{At: at.Add(3 * time.Hour), Type: ticket.Rated, Actor: carla, Body: "Fine", Changes: []ticket.Change{{Field: "rating", To: "4"}}},
				}},
			}
			_, err := d.Import(d.world.System(), tx, histories)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		child := must(d.Get(d.as(d.carla), ticket.ByNumber("INC-2")))(t)
		if child.ID != histories[1].ID || child.ParentID != histories[0].ID || child.Rating != 4 {
			t.Errorf("imported as %+v", child)
		}
		links := must(d.Links(d.as(d.ana), &child))(t)
		var got []string
		for _, l := range links {
			got = append(got, fmt.Sprint(l.Type, " ", l.Inverse, " ", l.Other.Number))
		}
		if diff := cmp.Diff([]string{"child false INC-1", "caused_by false INC-1"}, got); diff != "" {
			t.Error(diff)
		}
		talk := must(d.PublicTimeline(d.as(d.carla), &child, 0, 0))(t)
		files := talk[1].Attachments
		if len(files) != 1 || files[0].Name != "desk.png" || files[0].Internal || files[0].UploaderID != d.carla || !files[0].CreatedAt.Equal(at.Add(time.Minute)) {
			t.Errorf("files %+v", files)
		}
		rating, ok, err := d.RatingOf(d.as(d.carla), &child)
		if err != nil || !ok || *rating.MinutesLost != 25 || rating.Comment != "Fine" || rating.PersonID != d.carla {
			t.Errorf("rating %+v %v %v", rating, ok, err)
		}
	})
}

func TestUploadsDescribesOnlyOnesOwnUnsentFiles(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		var ids []int64
		for _, who := range []int64{d.carla, d.colin, d.carla} {
			ids = append(ids, d.upload(t, who, "a.txt", "text").ID)
		}
		inc := d.incident(t, "Files")
		if _, err := d.Reply(d.as(d.carla), ticket.ByID(inc.ID), ticket.PublicReply{Attachments: ids[2:]}); err != nil {
			t.Fatal(err)
		}
		got := must(d.Uploads(d.as(d.carla), ids))(t)
		if len(got) != 1 || got[0].ID != ids[0] {
			t.Errorf("%+v", got)
		}
		if none := must(d.Uploads(d.as(d.carla), nil))(t); len(none) != 0 {
			t.Errorf("%+v", none)
		}
	})
}
