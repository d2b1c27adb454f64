package ticket

import (
	"slices"

	"github.com/steward-itsm/steward/internal/core/workflow"
)

// stateFor puts a ticket into the state of another kind that means the same: the
// one of the same name if it has the same category, else the first of that
// category, else the kind's first state. A waiting reason stays if it is known
// there.
func stateFor(t *Ticket, from, to *workflow.Definition) {
	category := workflow.Open
	if s, ok := from.State(t.State); ok {
		category = s.Category
	}
	state, ok := to.State(t.State)
	if !ok || state.Category != category {
		state, _ = to.State(to.Initial)
		if i := slices.IndexFunc(to.States, func(s workflow.State) bool { return s.Category == category }); i >= 0 {
			state = to.States[i]
		}
	}
	t.State, t.Category = state.Key, state.Category
	if _, known := state.Reason(t.WaitReason); !known {
		t.WaitReason = ""
		if len(state.Reasons) > 0 && state.Category == workflow.Waiting {
			t.WaitReason = state.Reasons[0].Key
		}
	}
}
