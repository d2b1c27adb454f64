package queue

import (
	"net/url"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// Names of the parts of an address.
const (
	paramView    = "view"
	paramFilter  = "q"
	paramGood    = "good"
	paramSort    = "sort"
	paramColumns = "cols"
	paramAfter   = "after"
	paramLayout  = "layout"
	paramBy      = "by"
	paramColumn  = "column"
	paramOpen    = "open"
)

// place is where in the queue somebody stands: everything the address says. What
// is not set is as the view has it.
type place struct {
	View    string  // key of the view, "" is the default one
	Filter  *string // as typed; nil is the view's own
	Good    string  // what was in force when a filter was typed that cannot be read
	Sort    string  // "" is the view's own
	Columns string  // keys with commas between; "" are the view's own
	After   string  // cursor of the page before
	Layout  string  // "" is the view's own, with what that is grouped by
	By      *string // field whose values are columns or groups; nil is the view's own
	Column  *string // the lane whose tickets come after the cursor; nil is the whole list
	Open    string  // number of the ticket beside a split list
}

// placeOf reads an address. It refuses nothing: what makes no sense is found out
// when the list is put together, and said beside the field it came from.
func placeOf(values url.Values) place {
	clean := func(name string) string {
		return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(values.Get(name), "�"), "\x00", ""))
	}
	p := place{
		View: clean(paramView), Good: web.OneLine(clean(paramGood)), Sort: clean(paramSort),
		Columns: clean(paramColumns), After: clean(paramAfter), Layout: clean(paramLayout), Open: clean(paramOpen),
	}
	if values.Has(paramBy) {
		by := clean(paramBy)
		p.By = &by
	}
	if values.Has(paramColumn) {
		column := clean(paramColumn)
		p.Column = &column
	}
	if values.Has(paramFilter) {
		typed := web.OneLine(clean(paramFilter))
		p.Filter = &typed
	}
	return p
}

// url gives the address of the place on one of the queue's pages.
func (p place) url(path string) string {
	values := url.Values{}
	set := func(name, value string) {
		if value != "" {
			values.Set(name, value)
		}
	}
	set(paramView, p.View)
	if p.Filter != nil {
		values.Set(paramFilter, *p.Filter)
	}
	set(paramGood, p.Good)
	set(paramSort, p.Sort)
	set(paramColumns, p.Columns)
	set(paramAfter, p.After)
	set(paramLayout, p.Layout)
	if p.By != nil {
		values.Set(paramBy, *p.By)
	}
	if p.Column != nil {
		values.Set(paramColumn, *p.Column)
	}
	set(paramOpen, p.Open)
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// The places beside this one. All of them begin at the top of the list.

func (p place) filtered(by string) place {
	p.Filter, p.Good = &by, ""
	return p.top()
}

func (p place) sorted(by string) place {
	p.Sort = by
	return p.top()
}

func (p place) after(cursor string) place {
	p.After = cursor
	return p
}

func (p place) top() place {
	p.After, p.Column = "", nil
	return p
}

// in is where a lane goes on after a cursor.
func (p place) in(lane, cursor string) place {
	p.Column, p.After = &lane, cursor
	return p
}

// arranged is the same list laid out in another way.
func (p place) arranged(a arrangement) place {
	p.Layout, p.By, p.Open = string(a.Layout), &a.By, ""
	return p.top()
}

// opened is the split list with a ticket beside it.
func (p place) opened(number string) place {
	p.Open = number
	return p.top()
}

// readable is the place without what only mattered for a filter that could not be read.
func (p place) readable() place {
	p.Good = ""
	return p
}

// excerpt is a filter's text around what is wrong with it.
type excerpt struct {
	Before, Wrong, After string
	From, To             int // which characters, counted from 1
}

// excerptOf cuts the text at the error's span, which counts bytes.
func excerptOf(text string, at filter.Span) excerpt {
	pos, end := min(max(at.Pos, 0), len(text)), min(max(at.End, 0), len(text))
	end = max(pos, end)
	e := excerpt{Before: text[:pos], Wrong: text[pos:end], After: text[end:]}
	e.From = len([]rune(e.Before)) + 1
	e.To = max(e.From, e.From+len([]rune(e.Wrong))-1)
	return e
}
