package filter

import "slices"

// Node is the syntax of a filter: *AndNode, *OrNode, *NotNode, *TermNode or
// *WordNode. Nodes are never changed once made.
type Node interface {
	// Where says which part of the text the node was read from.
	Where() Span
	node()
}

// AndNode matches what all of its nodes match; without nodes, everything.
// An empty one is what an empty text means and appears only as the root.
type AndNode struct {
	Span
	Nodes []Node
}

// OrNode matches what at least one of its two or more nodes matches.
type OrNode struct {
	Span
	Nodes []Node
}

// NotNode matches what its node does not match.
type NotNode struct {
	Span
	Node Node
}

// TermNode compares a field with values, as in priority:1,2 or created:<7d.
// It matches when any of the values does.
type TermNode struct {
	Span
	Field  string // lower case
	Values []ValueNode
}

// WordNode is text to search for: one word, or a phrase if it was quoted.
type WordNode struct {
	Span
	Operand
}

// ValueNode is one value of a term with its operator.
type ValueNode struct {
	Span
	Op   Op
	Low  Operand
	High Operand // the upper end, only with OpRange
}

// Operand is a value as it was written. Quoted text is taken literally;
// without quotes none, any, me, today and their like are keywords.
type Operand struct {
	Text   string
	Quoted bool
}

// Op is how a value is compared.
type Op uint8

// The operators. There is none for "different": it is read as a NotNode.
const (
	OpIs       Op = iota // field:value
	OpLess               // field:<value
	OpAtMost             // field:<=value
	OpGreater            // field:>value
	OpAtLeast            // field:>=value
	OpContains           // field:~value
	OpRange              // field:low..high, both ends included
)

// String returns the operator as it is written before its value.
func (o Op) String() string {
	switch o {
	case OpLess:
		return "<"
	case OpAtMost:
		return "<="
	case OpGreater:
		return ">"
	case OpAtLeast:
		return ">="
	case OpContains:
		return "~"
	case OpIs, OpRange:
	}
	return ""
}

func (*AndNode) node()  {}
func (*OrNode) node()   {}
func (*NotNode) node()  {}
func (*TermNode) node() {}
func (*WordNode) node() {}

// Equal reports whether two filters are the same syntax, wherever it stood.
func Equal(a, b Node) bool {
	switch a := a.(type) {
	case *AndNode:
		b, ok := b.(*AndNode)
		return ok && slices.EqualFunc(a.Nodes, b.Nodes, Equal)
	case *OrNode:
		b, ok := b.(*OrNode)
		return ok && slices.EqualFunc(a.Nodes, b.Nodes, Equal)
	case *NotNode:
		b, ok := b.(*NotNode)
		return ok && Equal(a.Node, b.Node)
	case *TermNode:
		b, ok := b.(*TermNode)
		return ok && a.Field == b.Field && slices.EqualFunc(a.Values, b.Values, equalValues)
	case *WordNode:
		b, ok := b.(*WordNode)
		return ok && a.Operand == b.Operand
	}
	return false
}

func equalValues(a, b ValueNode) bool {
	return a.Op == b.Op && a.Low == b.Low && a.High == b.High
}

// measure returns how many levels a filter has and how many words and values.
func measure(n Node) (depth, size int) {
	var inner []Node
	switch n := n.(type) {
	case *AndNode:
		inner = n.Nodes
	case *OrNode:
		inner = n.Nodes
	case *NotNode:
		inner = []Node{n.Node}
	case *TermNode:
		return 1, len(n.Values)
	case *WordNode:
		return 1, 1
	}
	for _, child := range inner {
		d, s := measure(child)
		depth, size = max(depth, d), size+s
	}
	return depth + 1, size
}
