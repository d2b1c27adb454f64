package operations

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Bulk is what is to be done to each of many tickets. What is nil or empty stays
// as it is.
type Bulk struct {
	GroupID    *int64   `json:"group_id,omitempty"`
	AssigneeID *int64   `json:"assignee_id,omitempty"`
	ServiceID  *int64   `json:"service_id,omitempty"`
	Impact     int      `json:"impact,omitempty"`
	Urgency    int      `json:"urgency,omitempty"`
	AddTags    []string `json:"add_tags,omitempty"`
	RemoveTags []string `json:"remove_tags,omitempty"`
	Watch      *bool    `json:"watch,omitempty"`
	Parent     string   `json:"parent,omitempty"`    // number
	LinkType   string   `json:"link_type,omitempty"` // with Link
	Link       string   `json:"link,omitempty"`      // number

	Transition     string `json:"transition,omitempty"`
	Reason         string `json:"reason,omitempty"`
	ResolutionCode string `json:"resolution_code,omitempty"`
	Resolution     string `json:"resolution,omitempty"`

	Message string `json:"message,omitempty"`
	Public  bool   `json:"public,omitempty"` // the message is for the requesters
}

// check finds what is wrong with the wish itself, whatever the ticket.
func (b *Bulk) check() error {
	var p apperr.Problems
	if b.empty() {
		p.Add("", "Choose at least one thing to change.")
	}
	if b.Link != "" && b.LinkType == "" {
		p.Add("link_type", "Say what the tickets are to the other one.")
	}
	return p.Err()
}

func (b *Bulk) empty() bool {
	return b.GroupID == nil && b.AssigneeID == nil && b.ServiceID == nil && b.Impact == 0 && b.Urgency == 0 && len(b.AddTags)+len(b.RemoveTags) == 0 &&
		b.Watch == nil && b.Parent == "" && b.Link == "" && b.Transition == "" && b.Message == ""
}

// do does it to one ticket. A step comes last, so that what it requires is there;
// the message goes with it.
func (b *Bulk) do(ctx context.Context, batch *ticket.Batch, ref ticket.Ref) error {
	if err := b.edit(ctx, batch, ref); err != nil {
		return err
	}
	if b.Watch != nil {
		if _, err := batch.Watch(ctx, ref, *b.Watch); err != nil {
			return err
		}
	}
	if b.Parent != "" {
		if _, err := batch.Link(ctx, ref, ticket.ChildOf, ticket.ByNumber(b.Parent)); err != nil {
			return err
		}
	}
	if b.Link != "" {
		if _, err := batch.Link(ctx, ref, ticket.LinkType(b.LinkType), ticket.ByNumber(b.Link)); err != nil {
			return err
		}
	}
	if b.Transition != "" {
		_, err := batch.Transition(ctx, ref, ticket.Step{
			Transition: b.Transition, Reason: b.Reason, ResolutionCode: b.ResolutionCode, Resolution: ticket.Markdown(b.Resolution),
			Comment: ticket.Markdown(b.Message), CommentPublic: b.Public,
		})
		return err
	}
	return b.say(ctx, batch, ref)
}

func (b *Bulk) edit(ctx context.Context, batch *ticket.Batch, ref ticket.Ref) error {
	edit := ticket.Edit{GroupID: b.GroupID, AssigneeID: b.AssigneeID, ServiceID: b.ServiceID}
	if b.Impact != 0 {
		edit.Impact = &b.Impact
	}
	if b.Urgency != 0 {
		edit.Urgency = &b.Urgency
	}
	if len(b.AddTags)+len(b.RemoveTags) > 0 {
		t, err := batch.Get(ctx, ref)
		if err != nil {
			return err
		}
		removed := func(tag string) bool { return slices.Contains(b.RemoveTags, tag) }
		tags := append(slices.DeleteFunc(slices.Clone(t.Tags), removed), b.AddTags...)
		edit.Tags = &tags
	}
	if edit.GroupID == nil && edit.AssigneeID == nil && edit.ServiceID == nil && edit.Impact == nil && edit.Urgency == nil && edit.Tags == nil {
		return nil
	}
	_, err := batch.Edit(ctx, ref, edit)
	return err
}

func (b *Bulk) say(ctx context.Context, batch *ticket.Batch, ref ticket.Ref) error {
	switch {
	case b.Message == "":
		return nil
	case b.Public:
		_, err := batch.Reply(ctx, ref, ticket.PublicReply{Body: ticket.Markdown(b.Message)})
		return err
	}
	_, err := batch.Note(ctx, ref, ticket.InternalNote{Body: ticket.Markdown(b.Message)})
	return err
}

// tagList reads tags as people write them, separated by commas.
func tagList(typed string) []string {
	var out []string
	for tag := range strings.SplitSeq(typed, ",") {
		if tag = strings.ToLower(strings.Join(strings.Fields(tag), "-")); tag != "" {
			out = append(out, tag)
		}
	}
	return out
}
