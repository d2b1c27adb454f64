package document

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/paper"
)

// Public is what may be given away of a ticket.
type Public struct {
	Number, Title string
	Facts         []paper.Fact
	Description   string
	Entries       []PublicEntry // oldest first
	Earlier       bool          // there are entries before the first
	Files         []ticket.Attachment
}

// PublicEntry is a message, or a step in the requester's words.
type PublicEntry struct {
	Who   string
	At    time.Time
	Step  string // "" when nothing moved
	Text  string // Markdown
	Files []ticket.Attachment
}

// Internal is all that those see of a ticket who read its notes.
type Internal struct {
	Number, Title string
	Facts         []paper.Fact
	Description   string
	Entries       []InternalEntry
	Earlier       bool
	Files         []ticket.Attachment
}

// InternalEntry is an entry with its changes; Note marks what never leaves.
type InternalEntry struct {
	Who     string
	At      time.Time
	Note    bool
	Changes []string
	Text    string
	Files   []ticket.Attachment
}

// Names gives the names behind ids, as far as the reader may know them.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Services names services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Deps are what documents are made of.
type Deps struct {
	DB       *database.DB
	Tickets  *ticket.Service
	Names    Names
	Services Services
	Now      func() time.Time
}
