package pulse_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/pulse"
)

func TestBurstBecomesOneRunNowAndOneAfterTheGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		p := pulse.New(10*time.Millisecond, func(context.Context) { at = append(at, time.Since(start)) })
		defer p.Stop()
		p.Beat()
		synctest.Wait()
		for range 100 {
			p.Beat()
		}
		<-time.After(time.Second) // the bubble's time
		p.Beat()
		synctest.Wait()
		want := []time.Duration{0, 10 * time.Millisecond, time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRequestDuringARunIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		entered, leave := make(chan struct{}), make(chan struct{})
		p := pulse.New(0, func(context.Context) {
			entered <- struct{}{}
			<-leave
		})
		p.Beat()
		<-entered
		p.Beat()
		p.Beat()
		leave <- struct{}{}
		<-entered
		leave <- struct{}{}
		synctest.Wait()
		select {
		case <-entered:
			t.Error("a third run began; two requests during a run are one")
		default:
		}
		p.Stop()
	})
}

func TestStopCancelsTheRunAndRefusesLaterRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		p := pulse.New(time.Hour, func(ctx context.Context) {
			runs++
			<-ctx.Done()
		})
		p.Beat()
		synctest.Wait()
		p.Stop()
		p.Beat()
		synctest.Wait()
		if runs != 1 {
			t.Errorf("ran %d times, want 1", runs)
		}
	})
}
