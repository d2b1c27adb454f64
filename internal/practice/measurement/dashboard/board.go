package dashboard

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Audiences lists who can have a board.
func Audiences() []sharing.Audience {
	return []sharing.Audience{sharing.Mine, sharing.Group, sharing.Role, sharing.Everyone}
}

// Board is a board of figures. The built-in ones have a key and no id.
type Board struct {
	ID        int64
	Key       string
	Name      string
	OwnerID   int64
	Audience  sharing.Audience
	GroupID   int64
	Role      string
	Tiles     []Tile
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// Kind says how a tile is drawn: one number, or a chart.
type Kind string

// Number is a tile of one number; the others are the kinds of charts.
const Number Kind = "number"

// TileKinds lists how a tile can be drawn.
func TileKinds() []Kind {
	kinds := []Kind{Number}
	for _, k := range ui.ChartKinds() {
		kinds = append(kinds, Kind(k))
	}
	return kinds
}

// Size is the width of a tile: a quarter, half or the whole of the board.
type Size string

// The sizes.
const (
	Small  Size = "s"
	Medium Size = "m"
	Large  Size = "l"
)

// Tile is a question and how its answer is drawn. It is stored as JSON.
type Tile struct {
	Title  string        `json:"title,omitempty"` // "" is the metric's name
	Metric metric.Key    `json:"metric"`
	Kind   Kind          `json:"kind"`
	Cut    metric.Cut    `json:"cut,omitempty"`
	Step   metric.Period `json:"step,omitempty"` // of a series
	Days   int           `json:"days,omitempty"` // 0 is the board's period
	Size   Size          `json:"size"`
	Filter string        `json:"filter,omitempty"` // besides the board's
}

// Limits of boards.
const (
	maxName   = 80 // characters
	maxTiles  = 24
	maxBoards = 50 // of one person
	maxFilter = 1000
	usualSpan = 28 // days, where a board's address names none
	maxSpan   = 3660
)

// spans are the periods offered, in days.
var spans = []int{7, 28, 90, 365}

// ref names the board in an address.
func (b *Board) ref() string {
	if b.Key != "" {
		return b.Key
	}
	return "d" + strconv.FormatInt(b.ID, 10)
}

// idOf reads the reference of a stored board; 0 for a built-in one.
func idOf(ref string) int64 {
	digits, ok := strings.CutPrefix(ref, "d")
	if !ok {
		return 0
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// check reports what is wrong with a board, field by field.
func (b *Board) check(actor access.Actor) error {
	var p apperr.Problems
	switch n := utf8.RuneCountInString(b.Name); {
	case n == 0:
		p.Add("name", "Give the board a name.")
	case n > maxName:
		p.Add("name", "Keep the name under %d characters.", maxName)
	}
	scope := b.scope()
	scope.Check(&p, actor, sharing.Role)
	b.GroupID, b.Role = scope.GroupID, scope.Role
	if len(b.Tiles) > maxTiles {
		p.Add("tiles", "A board has at most %d tiles.", maxTiles)
	}
	return p.Err()
}

// scope is whose a board is.
func (b *Board) scope() sharing.Scope {
	return sharing.Scope{OwnerID: b.OwnerID, Audience: b.Audience, GroupID: b.GroupID, Role: b.Role}
}

// editableBy reports whether somebody may change a board; those that come with the
// product nobody.
func (b *Board) editableBy(actor access.Actor) bool {
	return b.ID != 0 && b.scope().EditableBy(actor)
}

// checkTile reports what is wrong with a tile of a metric.
func checkTile(t *Tile, d *metric.Definition) error {
	var p apperr.Problems
	if utf8.RuneCountInString(t.Title) > maxName {
		p.Add("title", "Keep the title under %d characters.", maxName)
	}
	if !slices.Contains(TileKinds(), t.Kind) {
		p.Add("kind", "Choose how the tile is drawn.")
	}
	if !slices.Contains([]Size{Small, Medium, Large}, t.Size) {
		p.Add("size", "Choose how wide the tile is.")
	}
	if !d.CanCut(t.Cut) {
		p.Add("cut", "This figure cannot be divided so.")
	}
	if t.Cut == "" && (t.Kind == Kind(ui.ChartRanked) || t.Kind == Kind(ui.ChartHeat) || t.Kind == Kind(ui.ChartStacked)) {
		p.Add("cut", "This drawing needs something to divide the figure by.")
	}
	if t.Step != metric.Whole && !slices.Contains(metric.Periods(), t.Step) {
		p.Add("step", "A series has steps of a day, a week, a month or a quarter.")
	}
	if t.Days < 0 || t.Days > maxSpan {
		p.Add("days", "A period has at most ten years.")
	}
	if len(t.Filter) > maxFilter {
		p.Add("filter", "This filter is too long.")
	}
	return p.Err()
}

// BuiltIn are the boards that come with the product.
func BuiltIn() []Board {
	number := func(m metric.Key) Tile { return Tile{Metric: m, Kind: Number, Size: Small, Step: metric.Week} }
	day := func(m metric.Key) Tile { return Tile{Metric: m, Kind: Number, Size: Small, Step: metric.Day, Days: 7} }
	chart := func(m metric.Key, kind ui.ChartKind, cut metric.Cut, size Size) Tile {
		return Tile{Metric: m, Kind: Kind(kind), Cut: cut, Size: size, Step: metric.Week}
	}
	return []Board{
		{Key: "desk-today", Name: text.Key("Desk today"), Audience: sharing.Everyone, Tiles: []Tile{
			day(metric.VolumeIn), day(metric.VolumeOut), day(metric.Backlog), day(metric.FirstResponse),
			{Metric: metric.BacklogAge, Kind: Kind(ui.ChartBars), Size: Medium, Days: 7},
			{Metric: metric.Backlog, Kind: Kind(ui.ChartRanked), Cut: metric.ByGroup, Size: Medium, Days: 7},
			{Metric: metric.Backlog, Kind: Kind(ui.ChartRanked), Cut: metric.ByPriority, Size: Medium, Days: 7},
			{Metric: metric.VolumeIn, Kind: Kind(ui.ChartBars), Size: Medium, Step: metric.Day, Days: 14},
		}},
		{Key: "flow", Name: text.Key("Flow"), Audience: sharing.Everyone, Tiles: []Tile{
			number(metric.VolumeIn), number(metric.VolumeOut), number(metric.NetFlow), number(metric.TimeToResolve),
			chart(metric.VolumeIn, ui.ChartStacked, metric.ByPriority, Medium),
			chart(metric.Backlog, ui.ChartLine, "", Medium),
			chart(metric.TimeToResolve, ui.ChartLine, "", Medium),
			{Metric: metric.TimeInState, Kind: Kind(ui.ChartRanked), Cut: metric.ByState, Size: Medium},
		}},
		{Key: "quality", Name: text.Key("Quality"), Audience: sharing.Everyone, Tiles: []Tile{
			number(metric.FirstContact), number(metric.FirstLine), number(metric.ReopenRate), number(metric.Satisfaction),
			chart(metric.FirstContact, ui.ChartLine, "", Medium),
			chart(metric.ReopenRate, ui.ChartLine, "", Medium),
			{Metric: metric.Satisfaction, Kind: Kind(ui.ChartRanked), Cut: metric.ByService, Size: Medium},
			{Metric: metric.LostTime, Kind: Kind(ui.ChartRanked), Cut: metric.ByService, Size: Medium},
		}},
		{Key: "suppliers", Name: text.Key("Suppliers"), Audience: sharing.Everyone, Tiles: []Tile{
			{Metric: metric.TimeWithHolder, Kind: Kind(ui.ChartRanked), Cut: metric.BySupplier, Size: Medium},
			{Metric: metric.Backlog, Kind: Kind(ui.ChartRanked), Cut: metric.BySupplier, Size: Medium},
			{Metric: metric.PingPong, Kind: Kind(ui.ChartRanked), Cut: metric.BySupplier, Size: Medium},
			{Metric: metric.VolumeOut, Kind: Kind(ui.ChartHeat), Cut: metric.BySupplier, Step: metric.Week, Size: Medium},
		}},
	}
}
