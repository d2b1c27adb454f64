package metric

import (
	"net/url"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Values writes a query, without its metric, as the parameters of an address:
// from and to are the first and the last day, only is "cut:key".
func (q Query) Values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	zone := q.Zone
	if zone == nil {
		zone = time.UTC
	}
	if !q.From.IsZero() {
		v.Set("from", q.From.In(zone).Format(time.DateOnly))
	}
	if !q.To.IsZero() {
		v.Set("to", q.To.In(zone).Add(-time.Nanosecond).Format(time.DateOnly))
	}
	set("period", string(q.Period))
	set("cut", string(q.Cut))
	set("filter", q.Filter)
	for _, o := range q.Only {
		v.Add("only", string(o.Cut)+":"+o.Key)
	}
	if !q.RecordedBy.IsZero() {
		v.Set("recorded_by", q.RecordedBy.UTC().Format(time.RFC3339))
	}
	return v
}

// ParseValues is the inverse of Values, for a reader in a zone. What it does not
// understand is Invalid, by the name of the parameter.
func ParseValues(key Key, v url.Values, zone *time.Location) (Query, error) {
	q := Query{Metric: key, Period: Period(v.Get("period")), Cut: Cut(v.Get("cut")), Filter: strings.TrimSpace(v.Get("filter")), Zone: zone}
	var wrong apperr.Problems
	day := func(name string, later int) time.Time {
		text := v.Get(name)
		if text == "" {
			return time.Time{}
		}
		at, err := time.ParseInLocation(time.DateOnly, text, time.UTC)
		if err != nil || at.Year() < 1900 || at.Year() > 2200 {
			wrong.Add(name, "Write a day such as 2026-11-21.")
			return time.Time{}
		}
		return startOf(dayNumber(at)+int64(later), zone)
	}
	q.From, q.To = day("from", 0), day("to", 1)
	for _, text := range v["only"] {
		cut, key, ok := strings.Cut(text, ":")
		if !ok {
			wrong.Add("only", "Write what to narrow by as cut:key, such as priority:1.")
			continue
		}
		q.Only = append(q.Only, Only{Cut: Cut(cut), Key: key})
	}
	if text := v.Get("recorded_by"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			if at, err = time.ParseInLocation("2006-01-02T15:04", text, zone); err != nil {
				wrong.Add("recorded_by", "Write an instant such as 2026-11-21T14:00:00Z.")
			}
		}
		q.RecordedBy = at
	}
	return q, wrong.Err()
}
