package filter

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Env is what a filter's words are relative to.
type Env struct {
	Now      time.Time      // of relative times
	Location *time.Location // where "today" begins and dates without a zone are; nil is UTC
	Me       int64          // the person who asks; 0 is nobody
	Resolve  Resolver       // nil resolves no names
}

// Resolver turns names into ids.
type Resolver interface {
	// Resolve gives the ids that each name stands for, in the order of the
	// names; none for a name that nothing is called by, or nothing that the
	// person who asks may know of. It is asked at most once per Bind.
	Resolve(ctx context.Context, names []Name) ([][]int64, error)
}

// Name is what a person wrote for a record: a name, an e-mail address, a number.
type Name struct {
	Kind string // Field.Ref
	Text string
}

// maxIDs bounds what one name may stand for, as every id is an SQL argument.
const maxIDs = 500

// Bind gives a filter its meaning. What the person got wrong comes back as an
// *Error; any other error is the Resolver's or a wrong declaration.
//
// Relative times are fixed at Env.Now: bind again to ask again later.
func (s *Schema) Bind(ctx context.Context, n Node, env Env) (Condition, error) {
	if env.Location == nil {
		env.Location = time.UTC
	}
	b := binder{schema: s, env: env, fields: map[string]*Field{}, ids: map[Name][]int64{}}
	if err := b.prepare(n); err != nil {
		return False(), err
	}
	if err := b.resolve(ctx); err != nil {
		return False(), err
	}
	return b.bind(n)
}

type binder struct {
	schema *Schema
	env    Env
	fields map[string]*Field // by the name that was written
	names  []Name            // to be resolved
	ids    map[Name][]int64
}

// prepare finds all fields and all names that stand for ids, so that names are
// resolved in one go.
func (b *binder) prepare(n Node) error {
	switch n := n.(type) {
	case *AndNode:
		return b.prepareAll(n.Nodes)
	case *OrNode:
		return b.prepareAll(n.Nodes)
	case *NotNode:
		return b.prepare(n.Node)
	case *TermNode:
		f, err := b.schema.lookup(n.Field)
		if err != nil {
			return err
		}
		if f == nil {
			return b.schema.unknownField(n)
		}
		b.fields[n.Field] = f
		if f.Type != TypeRef && f.Type != TypeRefs {
			return nil
		}
		for _, v := range n.Values {
			name := Name{f.Ref, v.Low.Text}
			if _, known := b.ids[name]; !known && b.isName(f, v) {
				b.ids[name] = nil
				b.names = append(b.names, name)
			}
		}
	}
	return nil
}

func (b *binder) prepareAll(nodes []Node) error {
	for _, n := range nodes {
		if err := b.prepare(n); err != nil {
			return err
		}
	}
	return nil
}

func (b *binder) isName(f *Field, v ValueNode) bool {
	_, isID := idOf(v.Low)
	return v.Op == OpIs && !isID && !keyword(v, "none") && !keyword(v, "any") && (!f.Self || !keyword(v, "me"))
}

func (b *binder) resolve(ctx context.Context) error {
	if len(b.names) == 0 || b.env.Resolve == nil {
		return nil
	}
	found, err := b.env.Resolve.Resolve(ctx, b.names)
	if err != nil {
		return fmt.Errorf("filter: resolve names: %w", err)
	}
	if len(found) != len(b.names) {
		return fmt.Errorf("filter: resolver gave %d answers for %d names", len(found), len(b.names))
	}
	for i, name := range b.names {
		b.ids[name] = found[i]
	}
	return nil
}

func (b *binder) bind(n Node) (Condition, error) {
	switch n := n.(type) {
	case *AndNode:
		return b.and(n)
	case *OrNode:
		var alternatives []Condition
		for _, inner := range n.Nodes {
			c, err := b.bind(inner)
			if err != nil {
				return False(), err
			}
			alternatives = append(alternatives, c)
		}
		return Or(alternatives...), nil
	case *NotNode:
		c, err := b.bind(n.Node)
		if err != nil {
			return False(), err
		}
		return Not(c), nil
	case *TermNode:
		var alternatives []Condition
		for _, v := range n.Values {
			c, err := b.value(b.fields[n.Field], v)
			if err != nil {
				return False(), err
			}
			alternatives = append(alternatives, c)
		}
		return Or(alternatives...), nil
	case *WordNode:
		return b.words([]*WordNode{n})
	}
	return False(), fmt.Errorf("filter: unknown node %T", n)
}

// and hands all words of a conjunction to the text search together, which an
// index answers far better than one by one.
func (b *binder) and(n *AndNode) (Condition, error) {
	var all []Condition
	var words []*WordNode
	for _, inner := range n.Nodes {
		if w, ok := inner.(*WordNode); ok {
			words = append(words, w)
			continue
		}
		c, err := b.bind(inner)
		if err != nil {
			return False(), err
		}
		all = append(all, c)
	}
	c, err := b.words(words)
	if err != nil {
		return False(), err
	}
	return And(append(all, c)...), nil
}

func (b *binder) words(nodes []*WordNode) (Condition, error) {
	if len(nodes) == 0 {
		return True(), nil
	}
	if b.schema.text == nil {
		return False(), errorAt(nodes[0].Span, "Words alone cannot be searched for here. Name a field, such as %s:.", b.schema.example())
	}
	words := make([]Word, 0, len(nodes))
	for _, n := range nodes {
		words = append(words, Word{Text: n.Text, Phrase: n.Quoted})
	}
	return Search(b.schema.text, words...), nil
}

// value binds one value of a term on f.
func (b *binder) value(f *Field, v ValueNode) (Condition, error) {
	if keyword(v, "none") || keyword(v, "any") {
		if options, _ := f.find(v.Low.Text); len(options) == 0 {
			if f.Required {
				return False(), errorAt(v.Span, "%s is never empty.", f.named())
			}
			c := IsNull(f)
			if keyword(v, "any") {
				c = Not(c)
			}
			return c, nil
		}
	}
	switch f.Type {
	case TypeText, TypeTags:
		return b.text(f, v)
	case TypeEnum:
		return b.option(f, v)
	case TypeNumber:
		return b.number(f, v)
	case TypeBool:
		return b.bool(f, v)
	case TypeTime:
		return b.time(f, v)
	case TypeRef, TypeRefs:
		return b.ref(f, v)
	}
	return False(), fmt.Errorf("filter: field %q has no type", f.Name)
}

func (b *binder) text(f *Field, v ValueNode) (Condition, error) {
	switch v.Op {
	case OpIs:
		return Eq(f, Text(v.Low.Text)), nil
	case OpContains:
		return Contains(f, v.Low.Text), nil
	case OpLess, OpAtMost, OpGreater, OpAtLeast, OpRange:
	}
	return False(), errorAt(v.Span, "%s is text and has no order. Write %s:%s or, for a part of it, %s:~%s.",
		f.named(), f.Name, Quote(v.Low.Text), f.Name, Quote(v.Low.Text))
}

func (b *binder) ref(f *Field, v ValueNode) (Condition, error) {
	if v.Op != OpIs {
		return False(), errorAt(v.Span, "%s takes a name without an operator.", f.named())
	}
	if f.Self && keyword(v, "me") {
		if b.env.Me == 0 {
			return False(), errorAt(v.Span, "Here is nobody whom “me” could mean.")
		}
		return Eq(f, Int(b.env.Me)), nil
	}
	if id, ok := idOf(v.Low); ok {
		return Eq(f, Int(id)), nil
	}
	ids := b.ids[Name{f.Ref, v.Low.Text}]
	switch {
	case len(ids) == 0:
		return False(), errorAt(v.Span, "%s: nothing is called “%s”.", f.named(), v.Low.Text)
	case len(ids) > maxIDs:
		return False(), errorAt(v.Span, "%s: “%s” could be any of %d. Be more exact.", f.named(), v.Low.Text, len(ids))
	}
	values := make([]Value, 0, len(ids))
	for _, id := range ids {
		values = append(values, Int(id))
	}
	return In(f, values...), nil
}

func (b *binder) bool(f *Field, v ValueNode) (Condition, error) {
	if v.Op == OpIs {
		switch Fold(v.Low.Text) {
		case "yes", "true", "on":
			return Eq(f, Bool(true)), nil
		case "no", "false", "off":
			return Eq(f, Bool(false)), nil
		}
	}
	return False(), errorAt(v.Span, "%s is yes or no.", f.named())
}

func (b *binder) number(f *Field, v ValueNode) (Condition, error) {
	low, err := f.parseNumber(v.Low, v.Span)
	if err != nil {
		return False(), err
	}
	switch v.Op {
	case OpIs:
		return Eq(f, Int(low)), nil
	case OpLess, OpAtMost, OpGreater, OpAtLeast:
		return Compare(f, v.Op, Int(low)), nil
	case OpRange:
		high, err := f.parseNumber(v.High, v.Span)
		if err != nil {
			return False(), err
		}
		if high < low {
			return False(), errBackwards(v.Span)
		}
		return Condition{within{f, &limit{value: low}, &limit{value: high}}}, nil
	case OpContains:
	}
	return False(), errorAt(v.Span, "%s is a number and contains nothing. Leave the ~ out.", f.named())
}

func errBackwards(at Span) *Error {
	return errorAt(at, "The range ends before it begins.")
}

// keyword reports whether a value is a word with a meaning of its own. In
// quotation marks it is only itself.
func keyword(v ValueNode, word string) bool {
	return v.Op == OpIs && !v.Low.Quoted && strings.EqualFold(v.Low.Text, word)
}

// idOf reads #123, the id itself in the place of a name.
func idOf(o Operand) (int64, bool) {
	digits, ok := strings.CutPrefix(o.Text, "#")
	if !ok || o.Quoted {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil
}
