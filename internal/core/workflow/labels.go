package workflow

import (
	"context"
	"sync"
)

// Words give labels in a reader's language. A label that has no translation is
// given as it is: what an organisation wrote itself is in its own language.
type Words struct {
	Language  string                    // "de"; "" reads everything as it is written
	Translate func(label string) string // of labels that ship with the product
}

type wordsKey struct{}

// WithWords gives a context in which In reads labels by the words.
func WithWords(ctx context.Context, w Words) context.Context {
	return context.WithValue(ctx, wordsKey{}, w)
}

// Labelled gives definitions with their labels in one reader's language. All else
// in them is as in the Registry, so rules can be asked of them, too.
type Labelled struct {
	registry *Registry
	words    Words
}

// In gives the definitions as the reader of the context has them.
func (r *Registry) In(ctx context.Context) Labelled {
	w, _ := ctx.Value(wordsKey{}).(Words)
	return Labelled{r, w}
}

// Get gives a kind's definition; NotFound for an unknown kind.
func (l Labelled) Get(kind string) (*Definition, error) {
	d, err := l.registry.Get(kind)
	if err != nil {
		return nil, err
	}
	return l.registry.read.of(d, l.words), nil
}

// All gives every definition, by label.
func (l Labelled) All() []*Definition {
	all := l.registry.All()
	if l.words.Language == "" {
		return all
	}
	for i, d := range all {
		all[i] = l.registry.read.of(d, l.words)
	}
	return Sorted(all)
}

// readings keeps the definitions that were read in some language.
type readings struct {
	mu   sync.Mutex
	kept map[reading]*Definition
}

type reading struct {
	definition *Definition
	language   string
}

// maxReadings bounds what is kept: a few kinds in a few languages. Edited
// definitions leave their old readings behind until then.
const maxReadings = 500

func (r *readings) of(d *Definition, w Words) *Definition {
	if w.Language == "" {
		return d
	}
	key := reading{d, w.Language}
	r.mu.Lock()
	defer r.mu.Unlock()
	if read, ok := r.kept[key]; ok {
		return read
	}
	if r.kept == nil || len(r.kept) >= maxReadings {
		r.kept = map[reading]*Definition{}
	}
	read := d.labelled(w)
	r.kept[key] = read
	return read
}

// labelled is a copy with every label in the language of the words: the
// definition's own translation first, then the product's.
func (d *Definition) labelled(w Words) *Definition {
	own := d.Translations[w.Language]
	say := func(label *string) {
		switch t, ok := own[*label]; {
		case *label == "":
		case ok && t != "":
			*label = t
		case w.Translate != nil:
			*label = w.Translate(*label)
		}
	}
	c := *d
	for _, label := range []*string{&c.Label, &c.Plural, &c.RequesterLabel, &c.Description} {
		say(label)
	}
	c.States = copied(d.States, func(s *State) {
		say(&s.Label)
		say(&s.RequesterLabel)
		s.Reasons = copied(s.Reasons, func(r *Reason) {
			say(&r.Label)
			say(&r.RequesterLabel)
		})
	})
	c.Transitions = copied(d.Transitions, func(t *Transition) { say(&t.Label) })
	c.Codes = copied(d.Codes, func(code *Code) { say(&code.Label) })
	c.Fields = copied(d.Fields, func(f *Field) {
		say(&f.Label)
		say(&f.Help)
	})
	for _, levels := range []*[]Level{&c.Matrix.Impact, &c.Matrix.Urgency, &c.Matrix.Priority} {
		*levels = copied(*levels, func(l *Level) { say(&l.Label) })
	}
	return &c
}

// copied is a list with a change to each of its copies.
func copied[T any](list []T, change func(*T)) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	copy(out, list)
	for i := range out {
		change(&out[i])
	}
	return out
}
