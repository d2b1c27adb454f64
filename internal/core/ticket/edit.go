package ticket

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Edit changes fields. A stale Version gives Conflict with the ticket as it is
// now in Detail, so that both texts can be shown.
func (s *Service) Edit(ctx context.Context, ref Ref, cmd Edit) (Ticket, error) {
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) (err error) {
		saved, err = s.editIn(ctx, tx, ref, cmd)
		return err
	})
	return saved, err
}

func (s *Service) editIn(ctx context.Context, tx *database.Tx, ref Ref, cmd Edit) (Ticket, error) {
	c, err := s.begin(ctx, tx, ref, cmd.Version)
	if err != nil {
		return Ticket{}, err
	}
	if err := c.edit(ctx, cmd); err != nil {
		return Ticket{}, err
	}
	return c.save(ctx)
}

// Watch adds or removes the actor as a watcher.
func (s *Service) Watch(ctx context.Context, ref Ref, watching bool) (Ticket, error) {
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) (err error) {
		saved, err = s.watchIn(ctx, tx, ref, watching)
		return err
	})
	return saved, err
}

func (s *Service) watchIn(ctx context.Context, tx *database.Tx, ref Ref, watching bool) (Ticket, error) {
	c, err := s.begin(ctx, tx, ref, 0)
	if err != nil {
		return Ticket{}, err
	}
	if !c.actor.IsPerson() {
		return Ticket{}, apperr.New(apperr.Forbidden, "Only persons can watch a ticket.")
	}
	watchers := slices.DeleteFunc(slices.Clone(c.ticket.Watchers), func(id int64) bool { return id == c.actor.ID })
	if watching {
		watchers = append(watchers, c.actor.ID)
		slices.Sort(watchers)
	}
	if err := c.set(c.event(Changed, true, ""), FieldWatchers, joinIDs(watchers)); err != nil {
		return Ticket{}, err
	}
	return c.save(ctx)
}

// SetWatchers makes the given persons the watchers.
func (s *Service) SetWatchers(ctx context.Context, ref Ref, version int, persons []int64) (Ticket, error) {
	persons = slices.Compact(slices.Sorted(slices.Values(persons)))
	if len(persons) > MaxWatchers {
		return Ticket{}, apperr.InvalidField(FieldWatchers, "A ticket has at most %d watchers.", MaxWatchers)
	}
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) error {
		c, err := s.begin(ctx, tx, ref, version)
		if err != nil {
			return err
		}
		if err := c.may(access.Edit); err != nil {
			return err
		}
		if err := c.may(access.ReadNotes); err != nil {
			return err
		}
		for _, id := range persons {
			if _, err := s.directory.OrganisationOf(ctx, tx, id); err != nil {
				return apperr.InvalidField(FieldWatchers, "One of the watchers is not a known person.")
			}
		}
		if err := c.set(c.event(Changed, true, ""), FieldWatchers, joinIDs(persons)); err != nil {
			return err
		}
		saved, err = c.save(ctx)
		return err
	})
	return saved, err
}

func (c *change) edit(ctx context.Context, cmd Edit) error {
	e := c.event(Changed, true, "")
	if cmd.edits() {
		if err := c.may(access.Edit); err != nil {
			return err
		}
	}
	if cmd.GroupID != nil || cmd.AssigneeID != nil {
		if err := c.assign(ctx, e, cmd.GroupID, cmd.AssigneeID); err != nil {
			return err
		}
	}
	if err := c.editTexts(e, cmd); err != nil {
		return err
	}
	if err := c.editReferences(ctx, e, cmd); err != nil {
		return err
	}
	return c.editPriority(e, cmd)
}

// edits reports whether the command changes more than the assignment.
func (cmd *Edit) edits() bool {
	return cmd.Title != nil || cmd.Description != nil || cmd.RequesterID != nil || cmd.ServiceID != nil || cmd.ParentID != nil ||
		cmd.Impact != nil || cmd.Urgency != nil || cmd.Tags != nil || len(cmd.Fields) > 0 || cmd.Priority != nil || cmd.PriorityByMatrix
}

func (c *change) editTexts(e int, cmd Edit) error {
	var p apperr.Problems
	if cmd.Title != nil {
		title := cleanTitle(*cmd.Title)
		checkTitle(&p, title)
		checkText(&p, FieldTitle, title)
		if err := c.set(e, FieldTitle, title); err != nil {
			return err
		}
	}
	if cmd.Description != nil {
		checkText(&p, FieldDescription, string(*cmd.Description))
		if err := c.set(e, FieldDescription, string(*cmd.Description)); err != nil {
			return err
		}
	}
	if cmd.Tags != nil {
		if err := c.set(e, FieldTags, joinStrings(cleanTags(&p, *cmd.Tags))); err != nil {
			return err
		}
	}
	for key, value := range checkFields(&p, c.def, cmd.Fields) {
		if f, _ := c.def.Field(key); f.Required && value == "" {
			p.Add(CustomPrefix+key, "%s is needed.", f.Label)
		}
		if err := c.set(e, CustomPrefix+key, value); err != nil {
			return err
		}
	}
	return p.Err()
}

func (c *change) editReferences(ctx context.Context, e int, cmd Edit) error {
	if cmd.RequesterID != nil {
		// Naming a person tells that they exist: that is for our own people.
		if err := c.may(access.ReadNotes); err != nil {
			return err
		}
		org, err := c.s.directory.OrganisationOf(ctx, c.tx, *cmd.RequesterID)
		if err != nil {
			return err
		}
		if err := c.setID(e, FieldRequester, *cmd.RequesterID); err != nil {
			return err
		}
		if err := c.setID(e, FieldOrganisation, org); err != nil {
			return err
		}
	}
	if cmd.ServiceID != nil {
		if *cmd.ServiceID != 0 {
			if _, err := c.s.directory.SupportGroup(ctx, c.tx, *cmd.ServiceID); err != nil {
				return err
			}
		}
		if err := c.setID(e, FieldService, *cmd.ServiceID); err != nil {
			return err
		}
	}
	if cmd.ParentID != nil {
		return c.setParent(ctx, e, *cmd.ParentID)
	}
	return nil
}

// assign gives the ticket to a group and a person. A new group drops an
// assignee who is not one of its members.
func (c *change) assign(ctx context.Context, e int, group, assignee *int64) error {
	if err := c.may(access.Assign); err != nil {
		return err
	}
	newGroup, newAssignee := c.ticket.GroupID, c.ticket.AssigneeID
	if group != nil {
		newGroup = *group
	}
	switch {
	case assignee != nil:
		newAssignee = *assignee
	case group != nil && newGroup != c.ticket.GroupID && newAssignee != 0 && newGroup != 0:
		if err := c.s.directory.CheckGroup(ctx, c.tx, newGroup, newAssignee); apperr.Is(err, apperr.Invalid) {
			newAssignee = 0
		}
	}
	if newGroup != 0 {
		if err := c.s.directory.CheckGroup(ctx, c.tx, newGroup, newAssignee); err != nil {
			return err
		}
	} else if newAssignee != 0 {
		if _, err := c.s.directory.OrganisationOf(ctx, c.tx, newAssignee); err != nil {
			return apperr.InvalidField(FieldAssignee, "There is no such person.")
		}
	}
	if err := c.setID(e, FieldGroup, newGroup); err != nil {
		return err
	}
	return c.setID(e, FieldAssignee, newAssignee)
}

// editPriority follows the matrix, or an override that names its reason.
func (c *change) editPriority(e int, cmd Edit) error {
	var p apperr.Problems
	m := c.def.Matrix
	if cmd.Impact != nil {
		if err := c.setInt(e, FieldImpact, *cmd.Impact); err != nil {
			return err
		}
	}
	if cmd.Urgency != nil {
		if err := c.setInt(e, FieldUrgency, *cmd.Urgency); err != nil {
			return err
		}
	}
	computed, known := m.Lookup(c.ticket.Impact, c.ticket.Urgency)
	if !known && (cmd.Impact != nil || cmd.Urgency != nil) {
		p.Add(FieldImpact, "Impact and urgency must be levels of the matrix.")
		return p.Err()
	}
	switch {
	case cmd.Priority != nil:
		reason := strings.TrimSpace(cmd.PriorityReason)
		if reason == "" {
			p.Add(FieldPriorityReason, "Say why the priority differs from the matrix.")
		}
		checkText(&p, FieldPriorityReason, reason)
		if !slices.ContainsFunc(m.Priority, func(l level) bool { return l.Value == *cmd.Priority }) {
			p.Add(FieldPriority, "There is no such priority.")
		}
		if err := p.Err(); err != nil {
			return err
		}
		if err := c.set(e, FieldPriorityReason, reason); err != nil {
			return err
		}
		return c.setInt(e, FieldPriority, *cmd.Priority)
	case cmd.PriorityByMatrix && known:
		if err := c.set(e, FieldPriorityReason, ""); err != nil {
			return err
		}
		return c.setInt(e, FieldPriority, computed)
	case (cmd.Impact != nil || cmd.Urgency != nil) && c.ticket.PriorityReason == "":
		return c.setInt(e, FieldPriority, computed)
	}
	return nil
}

func joinStrings(s []string) string { return strings.Join(s, ",") }
