package canned

import (
	"slices"
	"testing"

	"github.com/steward-itsm/steward/internal/core/phrase"
)

func TestEveryVariableHasALabelInTheCatalogue(t *testing.T) {
	t.Parallel()
	for _, v := range phrase.Variables() {
		if !slices.Contains(variableLabels(), v.Label) {
			t.Errorf("the label of %s, %q, is not in the catalogue", v.Name, v.Label)
		}
	}
}
