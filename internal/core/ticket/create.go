package ticket

import (
	"context"
	"slices"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Create opens a ticket. Errors: Invalid with every wrong field at once,
// Forbidden, and Conflict when an Idempotency-Key is used for something else.
func (s *Service) Create(ctx context.Context, cmd Create) (Ticket, error) {
	var created Ticket
	err := s.write(ctx, func(tx *database.Tx) error {
		var err error
		created, err = s.createOnce(ctx, tx, cmd)
		return err
	})
	return created, err
}

func (s *Service) createOnce(ctx context.Context, tx *database.Tx, cmd Create) (created Ticket, err error) {
	err = s.onceOn(ctx, tx, cmd, &created, func() (err error) {
		created, err = s.create(ctx, tx, cmd)
		return err
	})
	return created, err
}

// Made is what became of one of several wishes.
type Made struct {
	Ticket Ticket
	Err    error
}

// CreateMany opens tickets in their order, each on its own, or all or none if
// atomic; then, if one is refused, only it has an error and none was opened. An
// idempotency key covers each of them.
func (s *Service) CreateMany(ctx context.Context, cmds []Create, atomic bool) []Made {
	made := make([]Made, len(cmds))
	part := func(i int) context.Context { return PartOfIdempotencyKey(ctx, strconv.Itoa(i)) }
	if !atomic {
		for i, cmd := range cmds {
			made[i].Ticket, made[i].Err = s.Create(part(i), cmd)
		}
		return made
	}
	refused := 0
	err := s.write(ctx, func(tx *database.Tx) error {
		for i, cmd := range cmds {
			t, err := s.createOnce(part(i), tx, cmd)
			if err != nil {
				refused = i
				return err
			}
			made[i].Ticket = t
		}
		refused = 0
		return nil
	})
	if err != nil {
		clear(made)
		made[refused].Err = err
	}
	return made
}

func (s *Service) create(ctx context.Context, tx *database.Tx, cmd Create) (Ticket, error) {
	actor := access.From(ctx)
	def, err := s.kinds.Get(cmd.Kind)
	if err != nil {
		return Ticket{}, apperr.InvalidField(FieldKind, "%s", apperr.Message(err))
	}
	c := &change{s: s, tx: tx, actor: actor, def: def, now: micro(s.now())}
	assigned := cmd.GroupID != 0 || cmd.AssigneeID != 0
	if err := s.complete(ctx, tx, c, &cmd); err != nil {
		return Ticket{}, err
	}
	c.ticket.ID = tx.NextID()
	c.before.ID = c.ticket.ID
	e := c.event(Created, false, string(cmd.Description))
	values := []Change{
		{Field: FieldKind, To: def.Key},
		{Field: FieldTitle, To: cmd.Title},
		{Field: FieldDescription, To: string(cmd.Description)},
		{Field: FieldState, To: def.Initial},
		{Field: FieldRequester, To: formatID(cmd.RequesterID)},
		{Field: FieldOpenedBy, To: formatID(c.personID())},
		{Field: FieldOrganisation, To: formatID(c.ticket.OrganisationID)},
		{Field: FieldService, To: formatID(cmd.ServiceID)},
		{Field: FieldGroup, To: formatID(cmd.GroupID)},
		{Field: FieldAssignee, To: formatID(cmd.AssigneeID)},
		{Field: FieldParent, To: formatID(cmd.ParentID)},
		{Field: FieldChannel, To: cmd.Channel},
	}
	c.ticket.OrganisationID = 0 // so that the event notes it
	for _, v := range values {
		if err := c.set(e, v.Field, v.To); err != nil {
			return Ticket{}, err
		}
	}
	if err := c.setInt(e, FieldImpact, cmd.Impact); err != nil {
		return Ticket{}, err
	}
	if err := c.setInt(e, FieldUrgency, cmd.Urgency); err != nil {
		return Ticket{}, err
	}
	if p, ok := def.Matrix.Lookup(cmd.Impact, cmd.Urgency); ok {
		if err := c.setInt(e, FieldPriority, p); err != nil {
			return Ticket{}, err
		}
	}
	if err := c.set(e, FieldTags, joinStrings(cmd.Tags)); err != nil {
		return Ticket{}, err
	}
	if err := c.set(e, FieldWatchers, joinIDs(cmd.Watchers)); err != nil {
		return Ticket{}, err
	}
	for _, f := range def.Fields {
		if err := c.set(e, CustomPrefix+f.Key, cmd.Fields[f.Key]); err != nil {
			return Ticket{}, err
		}
	}
	c.attach(e, cmd.Attachments)
	// The permissions that are asked of what is to be, not of what was. Who may
	// open a ticket may not yet say who works on it: that is the service's group.
	if err := actor.Check(access.Create, c.ticket.Record()).Err(); err != nil {
		return Ticket{}, err
	}
	if assigned {
		if err := actor.Check(access.Assign, c.ticket.Record()).Err(); err != nil {
			return Ticket{}, err
		}
	}
	// The number comes last: what failed before must not have used one up.
	if c.ticket.Number, err = number(ctx, tx, def); err != nil {
		return Ticket{}, err
	}
	return c.save(ctx)
}

// complete fills in defaults and checks every field.
func (s *Service) complete(ctx context.Context, tx *database.Tx, c *change, cmd *Create) error {
	var p apperr.Problems
	cmd.Title = cleanTitle(cmd.Title)
	checkTitle(&p, cmd.Title)
	checkText(&p, FieldDescription, string(cmd.Description))
	checkText(&p, FieldTitle, cmd.Title)
	cmd.Tags = cleanTags(&p, cmd.Tags)
	slices.Sort(cmd.Watchers)
	cmd.Watchers = slices.Compact(cmd.Watchers)
	if len(cmd.Watchers) > MaxWatchers {
		p.Add(FieldWatchers, "A ticket has at most %d watchers.", MaxWatchers)
	}
	cmd.Fields = checkFields(&p, c.def, cmd.Fields)
	for _, f := range c.def.Fields {
		if f.Required && cmd.Fields[f.Key] == "" {
			p.Add(CustomPrefix+f.Key, "%s is needed.", f.Label)
		}
	}
	if cmd.Impact == 0 {
		cmd.Impact = c.def.DefaultImpact
	}
	if cmd.Urgency == 0 {
		cmd.Urgency = c.def.DefaultUrgency
	}
	if _, ok := c.def.Matrix.Lookup(cmd.Impact, cmd.Urgency); !ok {
		p.Add(FieldImpact, "Impact and urgency must be levels of the matrix.")
	}
	if cmd.Channel == "" {
		cmd.Channel = "portal"
	}
	if !slices.Contains(Channels(), cmd.Channel) {
		p.Add(FieldChannel, "The channel must be one of the known ones.")
	}
	if cmd.RequesterID == 0 {
		cmd.RequesterID = c.personID()
	}
	if cmd.RequesterID == 0 {
		p.Add(FieldRequester, "Say for whom this is.")
	}
	if err := p.Err(); err != nil {
		return err
	}
	return s.resolveReferences(ctx, tx, c, cmd)
}

// resolveReferences checks persons, groups and services, and routes the ticket.
func (s *Service) resolveReferences(ctx context.Context, tx *database.Tx, c *change, cmd *Create) error {
	var err error
	if c.ticket.OrganisationID, err = s.directory.OrganisationOf(ctx, tx, cmd.RequesterID); err != nil {
		return err
	}
	for _, w := range cmd.Watchers {
		if _, err := s.directory.OrganisationOf(ctx, tx, w); err != nil {
			return apperr.InvalidField(FieldWatchers, "One of the watchers is not a known person.")
		}
	}
	if cmd.ServiceID != 0 {
		group, err := s.directory.SupportGroup(ctx, tx, cmd.ServiceID)
		if err != nil {
			return err
		}
		if cmd.GroupID == 0 {
			cmd.GroupID = group
		}
	}
	if cmd.GroupID != 0 {
		if err := s.directory.CheckGroup(ctx, tx, cmd.GroupID, cmd.AssigneeID); err != nil {
			return err
		}
	} else if cmd.AssigneeID != 0 {
		if _, err := s.directory.OrganisationOf(ctx, tx, cmd.AssigneeID); err != nil {
			return apperr.InvalidField(FieldAssignee, "There is no such person.")
		}
	}
	if cmd.ParentID != 0 {
		parent, err := load(ctx, tx, ByID(cmd.ParentID))
		if err != nil || !c.actor.Check(access.View, parent.Record()).Allowed {
			return apperr.InvalidField(FieldParent, "There is no such parent ticket.")
		}
	}
	return nil
}
