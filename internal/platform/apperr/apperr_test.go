package apperr_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

type reply struct{ Title string }

func TestAConflictIsRetoldWithTheRecordItCarries(t *testing.T) {
	t.Parallel()
	conflict := fmt.Errorf("saving: %w", apperr.Stale(&reply{"Hello"}, "Somebody was quicker."))
	if now, ok := apperr.Now[reply](conflict); !ok || now.Title != "Hello" {
		t.Errorf("it carries %v", now)
	}
	told := apperr.Retold(conflict, func(now *reply) any { return now.Title })
	var e *apperr.Error
	if !errors.As(told, &e) || e.Kind != apperr.Conflict || e.Message.String() != "Somebody was quicker." || e.Detail != "Hello" || !errors.Is(told, conflict) {
		t.Errorf("retold as %+v", told)
	}
	for _, other := range []error{nil, errors.New("x"), apperr.New(apperr.Conflict, "No record."), &apperr.Error{Kind: apperr.Invalid, Detail: &reply{}}} {
		if _, ok := apperr.Now[reply](other); ok || !errors.Is(apperr.Retold(other, func(*reply) any { return 1 }), other) {
			t.Errorf("%v carries a record", other)
		}
	}
}
